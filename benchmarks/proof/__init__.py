"""What `benchmarks/once.py` is made of.

faults.py       what goes wrong on the way to a server, drawn from a seed; the proxy for mail
noticeboard.py  an adapter, in a package of its own, for a platform without `find` and without a key
stand_ins.py    the server it speaks to, which writes down what it is sent
places.py       the accounts: what config.yaml says of them, the faulty way to them, what readers see there
calendar.py     a calendar that grows while it is published; every text has a word of its own
clock.py        the daemon's wall clock, which jumps
supervising.py  the daemon, killed and started again
counting.py     what readers see against what the store says
rivals.py       other tools, through the same faults
"""
