"""The measuring stand: `table` says what there is, `versions` builds and names the versions of a program, `measure` runs
them, `growth`, `http`, `report` and `charts` do what they are called."""
