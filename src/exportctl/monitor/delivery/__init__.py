"""Did the files arrive? Schedule, runs, objects in storage and the service's manifest file, held against each other."""
