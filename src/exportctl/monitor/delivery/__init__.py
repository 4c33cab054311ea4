"""Compare the schedule, the runs, the objects in storage and the service's manifest file."""
