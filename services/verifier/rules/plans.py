"""Settings of one usage partition, in the order in which rate-and-bill saw them."""

from parley.settings.v1 import settings_pb2
from services.verifier.rules.prices import Card, card_of

VERSIONS_MAX = 64
"""Versions of a setting that can matter; older ones are forgotten by the platform too."""


class SettingsTrack:
    """Businesses and plans by version. A version not above the newest is ignored."""

    def __init__(self) -> None:
        self._versions: dict[str, list[settings_pb2.SettingChanged]] = {}
        self._cards: dict[tuple[str, int], Card] = {}

    def add(self, setting: settings_pb2.SettingChanged) -> None:
        """A setting changed, as of here."""
        versions = self._versions.setdefault(setting.key, [])
        if versions and setting.version <= versions[-1].version:
            return
        versions.append(setting)
        if len(versions) > VERSIONS_MAX:
            forgotten = versions.pop(0)
            self._cards.pop((forgotten.key, forgotten.version), None)

    def known(self, key: str) -> bool:
        """Whether any version of the setting has been seen."""
        return key in self._versions

    def business(self, business_id: str, at_ms: int) -> settings_pb2.Business | None:
        """The business as it was at that time."""
        setting = self._at(f"business/{business_id}", at_ms)
        return None if setting is None else setting.business

    def card(self, plan: str, at_ms: int) -> Card | None:
        """The plan as it was at that time."""
        setting = self._at(f"price-plan/{plan}", at_ms)
        if setting is None:
            return None
        place = (setting.key, setting.version)
        card = self._cards.get(place)
        if card is None:
            card = self._cards[place] = card_of(setting.price_plan)
        return card

    def all(self) -> list[settings_pb2.SettingChanged]:
        """Every version kept, in the order of versions."""
        return [each for versions in self._versions.values() for each in versions]

    def _at(self, key: str, at_ms: int) -> settings_pb2.SettingChanged | None:
        in_force = [each for each in self._versions.get(key, ()) if each.effective_from_ms <= at_ms]
        return in_force[-1] if in_force else None
