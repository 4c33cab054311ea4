"""
Rows of an event dataset: what people did in a web shop and its app.

A row is put together from pools of JSON fragments, 256 to a pool, each picked by one byte of chance: text joined like
this is many times faster than a dict written out by `json`, and every export file is made of it.
Which fields there are is assumed; their names are those of the XDM schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from exportctl.emulator.data import profiles
from exportctl.emulator.data.columns import INTEGER, NUMBER, TEXT, TIME, Shape, json_text, member, rfc3339_time

_MEASURE: Shape = {"value": NUMBER}
COLUMNS: Mapping[str, Shape] = {
    "_id": TEXT,
    "timestamp": TIME,
    "eventType": TEXT,
    "identityMap": profiles.IDENTITY_MAP,
    "web": {
        "webPageDetails": {"name": TEXT, "URL": TEXT, "pageViews": _MEASURE},
        "webReferrer": {"URL": TEXT, "type": TEXT},
    },
    "device": {"type": TEXT, "manufacturer": TEXT, "model": TEXT},
    "environment": {"type": TEXT, "operatingSystem": TEXT, "browserDetails": {"name": TEXT}},
    "placeContext": {"geo": {"countryCode": TEXT, "city": TEXT}},
    "commerce": {
        "productViews": _MEASURE,
        "productListAdds": _MEASURE,
        "purchases": _MEASURE,
        "order": {"purchaseID": TEXT, "priceTotal": NUMBER, "currencyCode": TEXT},
    },
    "productListItems": [{"SKU": TEXT, "name": TEXT, "quantity": INTEGER, "priceTotal": NUMBER}],
    "_acme": {"loyalty": {"tier": TEXT, "points": INTEGER}},
}

_SHOP = "https://shop.example.com"
_PRODUCTS = (  # name, price in cents
    ("Trail Jacket", 12990),
    ("Wool Socks", 1450),
    ("Café Mug", 1800),
    ("Running Shoes", 9995),
    ("Sonnenhut", 2490),
    ("Rain Cape", 5900),
    ("Travel Flask", 3250),
    ("抹茶 Tea Set", 4500),
    ("Hiking Poles", 7999),
    ("Camping Stove", 8900),
    ("Head Torch", 3499),
)
_CITIES = (
    ("US", "New York", "USD"),
    ("DE", "München", "EUR"),
    ("FR", "Paris", "EUR"),
    ("PL", "Łódź", "PLN"),
    ("BR", "São Paulo", "BRL"),
    ("JP", "東京", "USD"),
    ("GB", "London", "GBP"),
)
_DEVICES = (  # device, maker, model, operating system, browser; the app has none
    ("desktop", None, None, "Windows", "Edge"),
    ("desktop", "Apple", "MacBook Air", "macOS", "Safari"),
    ("desktop", None, None, "Linux", "Firefox"),
    ("mobile", "Samsung", "Galaxy S24", "Android", "Chrome"),
    ("mobile", "Apple", "iPhone 15", "iOS", "Safari"),
    ("mobile", "Google", "Pixel 8", "Android", None),
)
_REFERRERS = (None, ("https://www.example.org/search", "search_engine"), ("https://social.example.net/", "social"))
_TIERS = ("bronze", "silver", "gold")
_LOGGED_IN_SHARE = 160  # of 256: who is logged in


def line(stem: str, number: int, chance: bytes, ms: int) -> str:
    """Return the row as one line of JSON. `stem` is the id of the dataset; of `chance` nine bytes are read."""
    identities = profiles.identity_map(int.from_bytes(chance[:4]) % profiles.PEOPLE, known=chance[8] < _LOGGED_IN_SHARE)
    where, currency = _city_fields()[chance[4]]
    device, in_app = _devices()[chance[5]]
    page = "" if in_app else _pages()[chance[6]]
    event, bought = _event_fields(number, chance[7], chance[6], currency, in_app)
    return (
        f'{{"_id":"{stem}-{number:012d}","timestamp":"{rfc3339_time(ms)}","eventType":"{event}",'
        f'"identityMap":{identities}{page}{device}{where}{bought}'
        f"{_loyalties()[chance[8]]}}}"
    )


def _event_fields(number: int, chance: int, goods: int, currency: str, in_app: bool) -> tuple[str, str]:
    """Return the type of an event and its fields. Most look, some choose, few buy; `goods` gives the page."""
    if chance < 150:
        return "application.launch" if in_app else "web.webpagedetails.pageViews", ',"productListItems":[]'
    if chance < 210:
        return "commerce.productViews", f',"commerce":{{"productViews":{{"value":1.0}}}}{_viewed_products()[goods]}'
    items, total = _baskets()[goods]
    if chance < 236:
        return "commerce.productListAdds", f',"commerce":{{"productListAdds":{{"value":1.0}}}}{items}'
    order = f'{{"purchaseID":"P-{number:010d}","priceTotal":{total},"currencyCode":"{currency}"}}'
    return "commerce.purchases", f',"commerce":{{"purchases":{{"value":1.0}},"order":{order}}}{items}'


@cache
def _city_fields() -> tuple[tuple[str, str], ...]:
    """Return the place and the currency paid in there."""
    picked = (_CITIES[i % len(_CITIES)] for i in range(256))
    return tuple((member("placeContext", {"geo": {"countryCode": c, "city": t}}), money) for c, t, money in picked)


@cache
def _devices() -> tuple[tuple[str, bool], ...]:
    """Device and environment, and whether it is the app, which shows no web page."""
    return tuple(_device(*_DEVICES[i % len(_DEVICES)]) for i in range(256))


def _device(kind: str, maker: str | None, model: str | None, system: str, browser: str | None) -> tuple[str, bool]:
    device = {"type": kind} | ({"manufacturer": maker, "model": model} if maker else {})
    environment: dict[str, object] = {"type": "browser" if browser else "application", "operatingSystem": system}
    if browser:
        environment["browserDetails"] = {"name": browser}
    return member("device", device) + member("environment", environment), browser is None


@cache
def _pages() -> tuple[str, ...]:
    return tuple(member("web", _web_details(i)) for i in range(256))


def _web_details(i: int) -> dict[str, object]:
    name, _ = _PRODUCTS[i % len(_PRODUCTS)]
    details = {"name": name, "URL": f"{_SHOP}/products/{i % len(_PRODUCTS)}", "pageViews": {"value": 1.0}}
    source = _REFERRERS[i % len(_REFERRERS)]
    referrer = {"webReferrer": {"URL": source[0], "type": source[1]}} if source else {}
    return {"webPageDetails": details, **referrer}


@cache
def _viewed_products() -> tuple[str, ...]:
    return tuple(member("productListItems", [_item(i % len(_PRODUCTS), 1)]) for i in range(256))


@cache
def _baskets() -> tuple[tuple[str, str], ...]:
    """One to four products, and the JSON number of what they cost together."""
    return tuple(_basket(i) for i in range(256))


def _basket(i: int) -> tuple[str, str]:
    quantities = {(i + 3 * j) % len(_PRODUCTS): 1 + (i // 4 + j) % 3 for j in range(1 + i % 4)}
    items = [_item(product, quantity) for product, quantity in quantities.items()]
    cents = sum(_PRODUCTS[product][1] * quantity for product, quantity in quantities.items())
    return member("productListItems", items), json_text(cents / 100)


def _item(product: int, quantity: int) -> dict[str, object]:
    name, cents = _PRODUCTS[product]
    return {"SKU": f"SKU-{1000 + product}", "name": name, "quantity": quantity, "priceTotal": quantity * cents / 100}


@cache
def _loyalties() -> tuple[str, ...]:
    """Absent for those who are not logged in, and for one in four of the others."""
    return tuple(member("_acme", _loyalty(i) if i < _LOGGED_IN_SHARE and i % 4 else None) for i in range(256))


def _loyalty(i: int) -> dict[str, object]:
    return {"loyalty": {"tier": _TIERS[i % 3], "points": 25 * i}}
