"""How a verb says no."""

from imagestudio.images_api.capabilities import Problem


class SubmitRefused(Exception):
    """Not accepted, nothing was spent; each problem names its field and the way out."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(problem.message for problem in problems))


class NotAllowed(Exception):
    """This person may not do this."""
