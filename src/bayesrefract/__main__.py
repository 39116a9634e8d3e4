"""`python -m bayesrefract`, and the `bayesrefract` command."""

from bayesrefract.cli.app import main

if __name__ == "__main__":
    main()
