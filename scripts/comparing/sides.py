"""Runs the cases with one of the two builds."""

import dataclasses
import os
import pathlib
import re
import subprocess

# At the end of the name of a run's directory; the whole name of a source's directory.
HASH = re.compile(r"(?:^|-)([0-9a-f]{8,64})$")
LIMIT = 300


@dataclasses.dataclass(frozen=True)
class Answer:
    code: int
    stdout: str
    stderr: str


@dataclasses.dataclass(frozen=True)
class Made:
    """The result of a case: answers, its folder, and (name, placeholder) for each directory name and hash, in order of
    appearance."""

    answers: list
    folder: pathlib.Path
    names: list


def directories(folder):
    """Directories of runs and sources in the folder of a case."""
    return {path.parent for path in folder.glob("*/*/*/run.json")}


def placeholders(directories, before):
    """Placeholders for the directories that a command made: at most a source and a run."""
    names = []
    for directory in sorted(directories, key=lambda path: (path.parent.name != "sources", path)):
        found = HASH.search(directory.name)
        if found:
            number = len(before) + len(names)
            names += [(directory.name, f"DIRECTORY-{number}"), (found[1], f"HASH-{number}")]
    return names


class Side:
    """A build and the folder for its results."""

    def __init__(self, label, program, folder):
        self.label, self.program, self.folder = label, program, folder
        self.made = {}

    def environment(self):
        own = {name: value for name, value in os.environ.items() if not name.startswith("FREEZEWISE_")}
        # Relative, so that both builds print the same path.
        return own | {
            "OMP_NUM_THREADS": "1",
            "FREEZEWISE_DATA": "../../data",
            "FREEZEWISE_CACHE": str(self.folder / "cache"),
        }

    def start(self, arguments, folder, **pipes):
        return subprocess.Popen([self.program, *arguments], cwd=folder, env=self.environment(), **pipes)

    def answer(self, arguments, folder):
        """Runs a command to its end."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = self.start(arguments, folder, **pipes)
        try:
            stdout, stderr = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            stderr += f"\nkilled after {LIMIT} seconds".encode()
        shown = [text.decode(errors="replace").replace(str(folder), "FOLDER") for text in (stdout, stderr)]
        return Answer(process.returncode, *(text.replace(str(self.program), "PROGRAM") for text in shown))

    def place(self, name, files):
        """A new folder with these files, named after a case."""
        folder = self.folder / "cases" / re.sub(r"[^a-z0-9]+", "-", name.lower())[:80].strip("-")
        folder.mkdir(parents=True)
        for file, content in files.items():
            (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    def perform(self, case):
        """Runs a case, or returns the result if it already ran."""
        if case.name in self.made:
            return self.made[case.name]
        folder, answers, names, run = self.place(case.name, case.files), [], [], "nowhere"
        for command in case.commands:
            before = directories(folder)
            answer = self.answer([part.replace("{run}", run) for part in command.arguments], folder)
            names += placeholders(directories(folder) - before, names)
            answers.append(answer)
            if command.arguments[0] == "run" and answer.code == 0 and answer.stdout.count("\n") == 1:
                run = answer.stdout.strip()
        self.made[case.name] = Made(answers, folder, names)
        return self.made[case.name]
