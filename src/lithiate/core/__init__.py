"""What things are: specimens, cells, protocols, measurements, estimates. Nothing here knows a file of the library."""
