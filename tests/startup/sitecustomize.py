"""Have Python look for circular garbage seldom, in every program that a job of the tests starts.

Python looks after each 700 objects. A program that mostly starts makes a hundred thousand that all stay: a seventh of
its processor time goes to looking at them. `tools/pool` puts this directory on the path of modules; nobody else does.
"""

import gc

gc.set_threshold(100_000, 50, 50)
