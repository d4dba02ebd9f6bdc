"""`parley platform-key`: a new secret for a new platform."""

from services.admin.output import AsJson, print_json
from services.identity.platform_key import PlatformKey


def platform_key(as_json: AsJson = False) -> None:
    """Make a platform key for PARLEY_PLATFORM_KEY, and print it.

    Every consent and every message id hangs on it: keep it, and never change it once there is data.
    """
    key = PlatformKey.generate()
    if as_json:
        print_json({"platform_key": key})
    else:
        print(key)
