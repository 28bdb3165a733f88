#!/usr/bin/env python3
"""The one command: `studio`, `test [pytest arguments]`, and every command of Django."""

import sys


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - people meet this line before they read a README.
        found = "%d.%d" % sys.version_info[:2]  # noqa: UP031 - Old Pythons must understand it.
        sys.exit("Image Studio needs Python 3.11 or newer; this is Python " + found + ".")
    from imagestudio.engines import bootstrap

    bootstrap.enter(sys.argv)
    sys.exit(run(sys.argv))


def run(argv: list[str]) -> int:
    command = argv[1] if len(argv) > 1 else "help"
    if command == "studio":
        from imagestudio.engines import launcher

        return launcher.main(argv[2:])
    if command == "test":
        from imagestudio.engines import testing

        return testing.main(argv[2:])
    if command == "prepare":
        # The launcher's first step, in one process since each start of Django takes a second.
        return run_django([argv[0], "migrate", "--verbosity=0"]) or run_django(
            [argv[0], "first_admin"]
        )
    return run_django(argv)


def run_django(argv: list[str]) -> int:
    from imagestudio.engines import client

    sentence = client.borrow_environment(argv[1:])
    if sentence:
        sys.stderr.write(sentence + "\n")
        return 1
    from django.core.management import execute_from_command_line

    execute_from_command_line(argv)
    return 0


if __name__ == "__main__":
    main()
