"""The checks of each notebook's exercises: a module a notebook, a function an exercise.

A check gets what the learner wrote, calls it in recorded situations, and returns what is right
about it; or it raises
`NotYet` with the next thing to do.
"""
