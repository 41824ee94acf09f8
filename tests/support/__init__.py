"""What more than one of the Python suites, or more than one file of a suite, needs."""
