"""What of the configuration and the files decides how careful the store has to be."""

from datetime import timedelta

from scheduler.config import Config
from scheduler.engine.planning import Plan
from scheduler.store import AccountFacts, Circumstances, Files


def circumstances(planned: Plan, is_running: bool = False) -> Circumstances:
    """Those of one reading. In a running daemon an edit rests before it leaves."""
    settles = timedelta(seconds=planned.config.edit_delay if is_running else 0)
    files = Files(unreachable=planned.unreachable, emptied=planned.emptied)
    return Circumstances(accounts=facts_of(planned.config), files=files, settles=settles)


def facts_of(config: Config) -> dict[str, AccountFacts]:
    """What decides, for each account, how careful the store has to be."""
    return {
        name: AccountFacts(
            can_look=account.can_look,
            is_keyed=account.platform.keyed,
            is_harmless=account.platform.harmless,
        )
        for name, account in config.accounts.items()
    }
