"""What `--format latex` writes compiles, and is no wider than the text."""

import shutil
import subprocess

import pytest
from click.testing import CliRunner

from nctheory.cli import cli

COMMANDS = ("thresholds --classes 9:11 --layers 3:4 --weight-decay 0.004",
            "cost triangular:r=6,s=3 --layers 2:3", "atlas --classes 3:6 --layers 4:5",
            "graph --table 50", "graph johnson:n=7,k=3", "atlas partial --classes 4:6 --layers 2",
            "cost pairs:K=10 --loss ce --activation linear --layers 2:3",
            "thresholds --classes 10 --layers 3 --columns K,L,c/K")


@pytest.mark.skipif(shutil.which("pdflatex") is None,
                    reason="pdflatex is not installed (Debian: texlive-latex-recommended)")
def test_tables_compile_and_fit(tmp_path):
    told = [CliRunner().invoke(cli, [*command.split(), "--format", "latex"])
            for command in COMMANDS]
    assert [done.exit_code for done in told] == [0] * len(COMMANDS)
    head = told[0].output.splitlines()[0]
    packages = head[head.index("\\usepackage"):]
    body = "\n\n".join("\\noindent\n" + done.output for done in told)
    (tmp_path / "t.tex").write_text(f"\\documentclass{{article}}\n{packages}\n"
                                    f"\\begin{{document}}\n{body}\n\\end{{document}}\n")
    done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
                          cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
