"""Long checks of the package, in named steps that go on where they were stopped: `python -m validation`."""
