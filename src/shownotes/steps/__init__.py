"""The steps of the walk, one a module, each writing its own file of `output/<episode>/`.

Importing a step is cheap: engines are imported inside the functions that do the work, so that a
run in which nothing is to be done stays instant.
"""
