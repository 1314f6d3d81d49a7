"""`nctheory refute`."""

from nctheory.claims import CLAIMS


def test_command(run, tmp_path):
    assert run("refute")[1].count("\n") == len(CLAIMS)
    status, out, _ = run("refute", "gk25-theorem-7", "--examples", "30")
    assert status == 0 and "no counterexample among" in out
    path = tmp_path / "mine.py"
    path.write_text("from nctheory import Triangular\n"
                    "from nctheory.refute import assume, claim\n\n"
                    "@claim(r=range(4, 30), s=range(2, 28), L=range(3, 8))\n"
                    "def always(r, s, L):\n    'Beaten by every member, L >= 3.'\n"
                    "    assume(s <= r - 2)\n"
                    "    return Triangular(vertices=r, subset=s).compare_with_dnc(L) < 0\n")
    status, out, _ = run("refute", f"{path}:always")
    assert status == 1 and "REFUTED by r=4, s=2, L=3" in out and "Beaten by every" in out
