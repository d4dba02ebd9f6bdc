"""Access tokens: several an account, revoked at once."""

from services.ingress.tokens import TokenIndex
from tests.unit.ingress.rig import NUMBER, OTHER_TOKEN, TEXT, TOKEN, Rig, account, assert_envelope, token


def test_a_token_opens_its_account_until_it_is_revoked() -> None:
    tokens = TokenIndex()
    tokens.take(account("1", token("a"), token("b")))
    tokens.take(account("2", token("c")))
    assert [tokens.account_of(text) for text in "abcd"] == ["1", "1", "2", None]
    tokens.take(account("1", token("a", revoked_at_ms=5), token("b"), token("d")))
    assert [tokens.account_of(text) for text in "abcd"] == [None, "1", "2", "1"]
    tokens.take(account("1", token("a")))
    assert [tokens.account_of(text) for text in "abcd"] == ["1", None, "2", None]


def test_no_hash_opens_anything_by_itself() -> None:
    tokens = TokenIndex()
    tokens.take(account("1", token("a")))
    assert tokens.account_of(token("a").sha256.hex()) is None
    assert tokens.account_of("\udcff") is None


async def test_a_revoked_token_is_refused_with_the_next_request(ingress: Rig) -> None:
    assert (await ingress.post(TEXT)).status_code == 200
    ingress.take(account(NUMBER.account_id, token(TOKEN, revoked_at_ms=5), token("PT-new")))
    assert_envelope(await ingress.post(TEXT), 401, 190)
    response = await ingress.post(TEXT, headers={"Authorization": "Bearer PT-new"})
    assert response.status_code == 200


async def test_another_accounts_token_does_not_open_the_number(ingress: Rig) -> None:
    response = await ingress.post(TEXT, headers={"Authorization": f"Bearer {OTHER_TOKEN}"})
    assert_envelope(response, 403, 10)
