"""Termbell publishes a content calendar on time, once, everywhere.

The life of a delivery (one post to one account at one due time)::

    calendar/*.yaml -> Entry -> Draft (entry x account) -> Delivery (one part of it, rendered) -> the store's row
                                                                                                       |
      an alarm at the next due time -> claim -> platforms/x.py -> ask -> journal(network) <------------+

The floors; a module imports only what is on its own floor or below it, and `tests/test_floors.py` holds that::

    cli
    engine
    store
    rendering
    calendar
    config
    platforms       standard library only
"""

__version__ = "0.1.0"
