"""A directory beside the users of the system, as a test writes it: see cli/directory.c."""


class Directory:
    """`environment` is that of a process which asks it."""

    def __init__(self, folder, library):
        self.folder = folder
        self.users = folder / "users"
        self.users.mkdir()
        self.environment = {**library, "ASP_TEST_DIRECTORY": str(folder)}
        self.prefix = ("env", *[f"{name}={value}" for name, value in self.environment.items()])

    def knows(self, name, called=None):
        (self.users / name).write_text(called or name)

    def fails_for(self, *names):
        for name in names:
            (self.users / name).write_text("")

    def forgets(self, *names):
        for name in names:
            (self.users / name).unlink(missing_ok=True)

    def asked(self):
        """For whom it was asked since the last call, in their order."""
        path = self.folder / "asked"
        text = path.read_text() if path.exists() else ""
        path.unlink(missing_ok=True)
        return text.splitlines()
