"""The story, step by step. Each step acts, waits for what the platform says, and holds it to the rules."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

from rich.console import Console
from rich.table import Table

from demo.business import Business
from demo.customer import Phone
from demo.instance import Instance, parley, parley_json

ANA, BEN, CEM, DEE = "5511987654321", "4915112345678", "905321234567", "18765551234"
HOUR_SECONDS = 3600


class StepFailed(Exception):
    """The platform did not do what the step says it must."""


class Story:
    """What happens between one business and four customers."""

    def __init__(
        self, console: Console, instance: Instance, business: Business, phones: dict[str, Phone]
    ) -> None:
        self._console = console
        self._instance = instance
        self._business = business
        self._ana, self._ben, self._cem, self._dee = (phones[number] for number in (ANA, BEN, CEM, DEE))
        self._account: str = instance.accounts[0]["account_id"]

    async def tell(self) -> None:
        """All steps in order. Raises :class:`StepFailed`, or ``TimeoutError`` when something never came."""
        await self._a_free_reply()
        await self._a_late_reply()
        await self._nobody_who_never_wrote()
        await self._an_opt_in()
        await self._stop()
        await self._the_ledger()

    async def _a_free_reply(self) -> None:
        self._step("Ana (Brazil) writes, and is answered inside the customer service window")
        frame = await self._ana.writes(self._business.phone_number_id, "Is flight 815 on time?")
        self._line("Ana", "“Is flight 815 on time?”", frame["id"])
        heard = await self._business.hears(id=frame["id"])
        self._line("webhook", f"message from {heard['from']}: “{heard['text']['body']}”", heard["id"])
        window = await self._window(ANA, frame["id"])
        self._line("window", f"{window['state']}, closes at {window['closes_at']}", window["opened_by"])
        self._require(window["state"] == "open", "Ana's message opens a window")
        wamid = await self._answers(ANA, "Yes. Boarding at 18:20, gate B7.")
        await self._ana.sees(type="message", id=wamid)
        statuses = [await self._status(wamid, status) for status in ("sent", "delivered", "read")]
        self._require(
            not any(status["pricing"]["billable"] for status in statuses), "the reply is not billable"
        )
        [entry] = await self._entries(wamid, "free")
        self._require(
            entry["amount"]["micros"] == 0 and frame["id"] in entry["evidence"], "free, by Ana's message"
        )
        self._money(entry)

    async def _a_late_reply(self) -> None:
        self._step("Ben (Germany) wrote 25 hours ago, so the answer is late and costs Germany's rate")
        written = int(time.time()) - 25 * HOUR_SECONDS
        frame = await self._ben.writes(self._business.phone_number_id, "Can I change my seat?", at=written)
        self._line("Ben", "“Can I change my seat?”, 25 hours ago", frame["id"])
        await self._business.hears(id=frame["id"], timestamp=str(written))
        wamid = await self._answers(BEN, "Of course: 14A is yours.")
        await self._ben.sees(type="message", id=wamid)
        status = await self._status(wamid, "delivered")
        self._require(status["pricing"]["billable"], "the late reply is billable")
        authorized, captured = await self._entries(wamid, "authorized", "captured")
        self._require(authorized["reserved"]["micros"] == 90_000, "authorize reserves Germany's 0.0900")
        self._require(captured["amount"]["micros"] == -90_000, "capture charges Germany's 0.0900")
        self._money(authorized)
        self._money(captured)

    async def _nobody_who_never_wrote(self) -> None:
        self._step("Cem (Turkey) never wrote and never opted in, so nobody may write to him")
        wamid = await self._answers(CEM, "Fly to Antalya this summer!")
        failed = await self._status(wamid, "failed")
        error = failed["errors"][0]
        self._require(error["code"] == 131026, "refused with 131026")
        self._line("refused", f"{error['code']}: {error['error_data']['details']}", wamid)
        self._require(not self._shown(self._cem, wamid), "Cem's phone has seen nothing")

    async def _an_opt_in(self) -> None:
        self._step(
            "Dee (Jamaica) opts in on the web site; outside the window a message costs her market's rate"
        )
        await parley(
            self._instance,
            "consent",
            "opt-in",
            self._account,
            DEE,
            "--method",
            "web form",
            "--evidence",
            "form 42",
        )
        self._line("opt-in", f"recorded for {DEE}", "method: web form, evidence: form 42")
        wamid = await self._answers(DEE, "Thank you for joining. Your card is on its way.")
        await self._dee.sees(type="message", id=wamid)
        _, captured = await self._entries(wamid, "authorized", "captured")
        self._require(captured["market"] == "Rest of Latin America", "1876 is Jamaica, not North America")
        self._require(captured["amount"]["micros"] == -70_600, "capture charges 0.0706")
        self._money(captured)

    async def _stop(self) -> None:
        self._step("Ana says PARAR, and from then on the business cannot write to her")
        frame = await self._ana.writes(self._business.phone_number_id, "Parar!")
        await self._business.hears(value="stop", wa_id=ANA)
        notice = await self._ana.sees(type="notice")
        self._line("notice", f"“{notice['text']}”", frame["id"])
        wamid = await self._answers(ANA, "Before you go: 20% off!")
        failed = await self._status(wamid, "failed")
        error = failed["errors"][0]
        self._require(error["code"] == 131050, "refused with 131050")
        self._line("refused", f"{error['code']}: {error['error_data']['details']}", wamid)
        self._require(not self._shown(self._ana, wamid), "Ana's phone has seen nothing of it")

    async def _the_ledger(self) -> None:
        self._step("The ledger, from the topic: a reason on each line")
        entries = await parley_json(self._instance, "ledger", "tail", "--explain")
        table = Table("#", "kind", "market", "amount USD", "reserved", "balance", "reason")
        for column in table.columns[3:6]:
            column.justify = "right"
        for entry in entries:
            amounts = [_amount(entry[name]) for name in ("amount", "reserved", "balance")]
            table.add_row(str(entry["sequence"]), entry["kind"], entry["market"], *amounts, entry["reason"])
        self._console.print(table)
        for entry in entries:
            self._console.print(f"  [cyan]{entry['sequence']}[/]  {entry['explanation']}", highlight=False)
        kinds = [entry["kind"] for entry in entries]
        self._require(kinds == ["free", "authorized", "captured", "authorized", "captured"], "five entries")
        self._step("The proof, recomputed from the topics by a program that shares no rule with the services")
        await parley(self._instance, "verify", show=self._console)

    async def _answers(self, to: str, text: str) -> str:
        wamid = await self._business.replies(to, text)
        self._line("business", f"to {to}: “{text}”", wamid)
        return wamid

    async def _status(self, wamid: str, status: str) -> dict[str, Any]:
        heard = await self._business.hears(id=wamid, status=status)
        self._line("webhook", f"status {status}", _priced(heard))
        return heard

    async def _window(self, number: str, opened_by: str) -> dict[str, Any]:
        """The window that a message opened. Its webhook goes another way and may be earlier: 20 s at most."""
        async with asyncio.timeout(20):
            while True:
                [window] = await parley_json(self._instance, "window", "show", self._account, number)
                if window["opened_by"] == opened_by:
                    return window

    async def _entries(self, wamid: str, *kinds: str) -> list[dict[str, Any]]:
        """The ledger's entries about a message, once they are of these kinds. Waits at most 20 seconds."""
        async with asyncio.timeout(20):
            while True:
                entries = await parley_json(self._instance, "ledger", "tail")
                mine = [entry for entry in entries if entry["message_id"] == wamid]
                if [entry["kind"] for entry in mine] == list(kinds):
                    return mine

    def _shown(self, phone: Phone, wamid: str) -> bool:
        return any(frame.get("id") == wamid for frame in phone.frames)

    def _step(self, title: str) -> None:
        self._console.print()
        self._console.rule(f"[bold]{title}", align="left")

    def _line(self, who: str, what: str, detail: str = "") -> None:
        self._console.print(f"  [cyan]{who:>9}[/]  {what}", highlight=False)
        if detail:
            self._console.print(
                f"             [dim]{detail}[/]", highlight=False, overflow="ellipsis", no_wrap=True
            )

    def _money(self, entry: dict[str, Any]) -> None:
        reserved = f", reserved {_amount(entry['reserved'])}" if entry["reserved"] else ""
        self._line(
            "ledger",
            f"{entry['kind']} {_amount(entry['amount'])}{reserved}, {entry['reason']}",
            entry["hash"],
        )

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise StepFailed(what)


async def tell(console: Console, instance: Instance) -> None:
    """Connect the business and the four phones, and tell the story."""
    async with AsyncExitStack() as stack:
        account = instance.accounts[0]
        business = await stack.enter_async_context(Business(instance.ingress_url, account))
        await parley(instance, "account", "webhook", account["account_id"], business.webhook_url)
        tokens = await parley_json(instance, "handset", "token", ANA, BEN, CEM, DEE)
        names = dict(zip((ANA, BEN, CEM, DEE), ("Ana", "Ben", "Cem", "Dee"), strict=True))
        phones = {
            token["number"]: await stack.enter_async_context(
                Phone(names[token["number"]], token["number"], instance.handset_url, token["token"])
            )
            for token in tokens
        }
        await Story(console, instance, business, phones).tell()


def _priced(status: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in status.get("pricing", {}).items())


def _amount(money: dict[str, Any] | None) -> str:
    """Units with four decimals, as the launch card has them."""
    if money is None:
        return ""
    sign = "-" if money["micros"] < 0 else ""
    units, micros = divmod(abs(money["micros"]), 1_000_000)
    return f"{sign}{units}.{micros // 100:04d}"
