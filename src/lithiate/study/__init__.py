"""Studies: a TOML file of anodes, experiments and measurements, run as a whole.

`spec` reads and checks the file, `plan` makes tasks of it, `run` carries them out, `results` keeps what came out.
"""
