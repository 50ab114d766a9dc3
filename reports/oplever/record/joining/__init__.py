"""The records of several runs to one: first state to last state, what failed told over the runs. Pure."""
