"""Pure functions of SI numbers that the twin and the analyses share, each tested against an independent oracle."""
