"""The recorder against real runs of Ansible: nothing missed, nothing leaked, nothing lost."""
