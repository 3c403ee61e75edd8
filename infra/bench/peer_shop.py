"""What a Django shop would have instead, behind a line of JSON: `peer_shop.py HOST-FOLDER`, in an environment of its own.

A WSGI request in, an answer out, through Django's own handler and no middleware. A voucher is used as oscar's checkout
does: its row locked, asked whether it is free, its use recorded. Points are an account of django-oscar-accounts, paid
to the account of redemptions.
"""

import io
import itertools
import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import django
from django.conf import settings

RICH = 1_000_000


def set_up(host: str) -> None:
    """Django over the PostgreSQL whose socket lies in this folder, with all tables made."""
    import oscar
    from oscar import defaults

    database = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "bench", "HOST": host}
    settings.configure(
        **{name: value for name, value in vars(defaults).items() if name.startswith("OSCAR_")},
        DATABASES={"default": database | {"CONN_MAX_AGE": None}},
        INSTALLED_APPS=["oscar_accounts.apps.AccountsConfig", *oscar.INSTALLED_APPS],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[],
        SECRET_KEY="bench",  # noqa: S106 - nothing is kept
        SITE_ID=1,
        USE_TZ=True,
        ALLOWED_HOSTS=["*"],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
        LOGGING_CONFIG=None,
    )
    logging.disable()  # what it refuses in a race is asked for
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


class Peer:
    """Orders, vouchers and accounts, and the two requests."""

    def __init__(self) -> None:
        from django.contrib.auth.models import AnonymousUser
        from django.core.handlers.wsgi import WSGIHandler
        from oscar.core.loading import get_model
        from oscar_accounts import facade

        self.nobody, self.transfer = AnonymousUser(), facade.transfer
        self.vouchers, self.orders = get_model("voucher", "Voucher"), get_model("order", "Order")
        self.accounts = get_model("oscar_accounts", "Account")
        self.redemptions, self.bank = self._open("Redemptions", None), self._open("Bank", None)
        self.number = itertools.count()
        self.app = WSGIHandler()

    # ---- what is there ----

    def voucher(self) -> str:
        """A new one, that can be used once."""
        from django.utils import timezone

        code, now = f"CODE{next(self.number)}", timezone.now()
        until = {"start_datetime": now - timedelta(days=1), "end_datetime": now + timedelta(days=1)}
        self.vouchers.objects.create(name=code, code=code, usage=self.vouchers.SINGLE_USE, **until)
        return code

    def order(self) -> int:
        money = {"total_incl_tax": Decimal(1480), "total_excl_tax": Decimal(1480)}
        made = self.orders.objects.create(number=f"o{next(self.number)}", currency="JPY", **money)
        return int(made.pk)

    def account(self, points: int = RICH) -> int:
        made = self._open(f"member{next(self.number)}", Decimal(0))
        self.transfer(self.bank, made, Decimal(points))
        return int(made.pk)

    def _open(self, name: str, credit: Decimal | None) -> Any:
        """Past `Account.save`, which fails for a new one under the Django that oscar wants."""
        (made,) = self.accounts.objects.bulk_create([self.accounts(name=name, credit_limit=credit)])
        return made

    # ---- what is asked ----

    def redeem(self, said: dict[str, Any]) -> bool:
        """As `OrderCreator.place_order` does with a basket's vouchers."""
        from django.db import transaction

        order = self.orders.objects.get(pk=said["order"])
        with transaction.atomic():
            voucher = self.vouchers.objects.select_for_update().get(code=said["code"])
            if not voucher.is_active() or not voucher.is_available_to_user(self.nobody)[0]:
                return False
            voucher.record_usage(order, self.nobody)
        return True

    def spend(self, said: dict[str, Any]) -> bool:
        from oscar_accounts.exceptions import AccountException

        account = self.accounts.objects.get(pk=said["account"])
        redemptions = self.accounts.objects.get(pk=self.redemptions.pk)
        try:
            self.transfer(account, redemptions, Decimal(said["points"]), merchant_reference=said["reference"])
        except AccountException:
            return False
        return True

    def send(self, path: str, said: dict[str, Any]) -> int:
        body, statuses = json.dumps(said).encode(), list[str]()
        environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "SERVER_NAME": "bench", "SERVER_PORT": "80",
                   "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr,
                   "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}  # fmt: skip
        answer = self.app(environ, lambda status, *_: statuses.append(status))
        b"".join(answer)
        answer.close()
        return int(statuses[0].split()[0])

    def pay(self, count: int) -> int:
        """So many payments of others into the account of redemptions, as a shop has after a while."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO oscar_accounts_transfer (source_id, destination_id, amount, username, date_created)"
                " SELECT %s, %s, 1, '', now() FROM generate_series(1, %s)",
                [self.bank.pk, self.redemptions.pk, count],
            )
            cursor.execute(
                "INSERT INTO oscar_accounts_transaction (transfer_id, account_id, amount, date_created)"
                " SELECT id, %s, 1, now() FROM oscar_accounts_transfer WHERE reference IS NULL",
                [self.redemptions.pk],
            )
            cursor.execute("ANALYZE")
        return count

    # ---- what is measured ----

    def made(self, what: str, spender: int) -> tuple[str, dict[str, Any]]:
        """A request that will succeed."""
        if what == "redeem":
            return "/redeem", {"code": self.voucher(), "order": self.order()}
        return "/spend", {"account": spender, "points": 3, "reference": f"r{next(self.number)}"}

    def timed(self, what: str, times: int, spender: int) -> list[tuple[float, float]]:
        """Seconds on the clock and of this process, of each of so many."""
        found = []
        for _ in range(times):
            path, said = self.made(what, spender)
            started, cpu = time.perf_counter(), time.process_time()
            status = self.send(path, said)
            found.append((time.perf_counter() - started, time.process_time() - cpu))
            assert status == 201
        return found

    def race(self, what: str, threads: int) -> dict[str, int]:
        """All at once with one code, or with all the points of one account: how many heard a yes, and what is left."""
        barrier = threading.Barrier(threads)
        if what == "redeem":
            code = self.voucher()
            asked = [("/redeem", {"code": code, "order": self.order()}) for _ in range(threads)]
        else:
            account = self.account(300)
            asked = [("/spend", {"account": account, "points": 300, "reference": f"r{n}"}) for n in range(threads)]

        def one(path_and_said: tuple[str, dict[str, Any]]) -> int:
            from django.db import connection

            barrier.wait()
            try:
                return self.send(*path_and_said)
            finally:
                connection.close()

        with ThreadPoolExecutor(threads) as pool:
            statuses = list(pool.map(one, asked))
        left = 0 if what == "redeem" else int(self._left(account))
        return {"yes": statuses.count(201), "left": left}

    def _left(self, account: int) -> Decimal:
        """What the movements say, whatever the account believes."""
        balance: Decimal = self.accounts.objects.get(pk=account)._balance()  # noqa: SLF001 - it has no other name
        return balance


peer: Peer
urlpatterns: list[Any] = []


def _view(act: Callable[[Peer, dict[str, Any]], bool]) -> Callable[[Any], Any]:
    from django.http import JsonResponse

    def view(request: Any) -> Any:
        is_done = act(peer, json.loads(request.body))
        return JsonResponse({"done": is_done}, status=201 if is_done else 409)

    return view


def main() -> None:
    """Answer each line of JSON by one, until there are no more."""
    global peer  # noqa: PLW0603 - where Django finds its routes is a module
    sys.modules[__name__] = sys.modules["__main__"]
    set_up(sys.argv[1])
    from django.urls import path

    peer = Peer()
    urlpatterns[:] = [path("redeem", _view(Peer.redeem)), path("spend", _view(Peer.spend))]
    spender = peer.account()
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "paid" in asked:
            told: Any = peer.pay(asked["paid"])
        elif "threads" in asked:
            told = peer.race(asked["what"], asked["threads"])
        else:
            told = peer.timed(asked["what"], asked["times"], spender)
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
