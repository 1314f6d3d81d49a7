"""PyTorch models as they are: collapse while a loop runs, weights, heads beside the theory.

    from nctheory.torch import Recorder

    recorder = Recorder(model)                # every Linear layer, by what it reads
    recorder.read(train_loader)
    recorder.read(test_loader, "test")
    print(recorder.report())

`from_state(model)` measures weights and exports a head. PyTorch is imported by what is called
here, never by `import nctheory`: the extra is `nctheory[torch]`.
"""

from nctheory.torch.recorder import Recorder, TrainingModeWarning
from nctheory.torch.state import State, from_state

__all__ = ["Recorder", "State", "TrainingModeWarning", "from_state"]
