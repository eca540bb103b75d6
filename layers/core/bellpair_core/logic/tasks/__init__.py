"""The stages of a job that runs one program: compile, launch, read the task's result."""
