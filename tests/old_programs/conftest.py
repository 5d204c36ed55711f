"""These are programs for the tests of the migration to move, and no tests themselves."""

collect_ignore_glob = ["*"]
