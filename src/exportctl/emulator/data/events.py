"""
Rows of an event dataset: what people did in a web shop and its app.

A row is put together from JSON fragments, each made once for a byte of chance and then kept: text joined like this is
many times faster than a dict written out by `json`, and every export file is made of it.
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
    where, currency = _city(chance[4])
    device, in_app = _device(chance[5])
    page = "" if in_app else _page(chance[6])
    event, bought = _event_fields(number, chance[7], chance[6], currency, in_app)
    return (
        f'{{"_id":"{stem}-{number:012d}","timestamp":"{rfc3339_time(ms)}","eventType":"{event}",'
        f'"identityMap":{identities}{page}{device}{where}{bought}{_loyalty(chance[8])}}}'
    )


def _event_fields(number: int, chance: int, goods: int, currency: str, in_app: bool) -> tuple[str, str]:
    """Return the type of an event and its fields. Most look, some choose, few buy; `goods` gives the page."""
    if chance < 150:
        return "application.launch" if in_app else "web.webpagedetails.pageViews", ',"productListItems":[]'
    if chance < 210:
        return "commerce.productViews", f',"commerce":{{"productViews":{{"value":1.0}}}}{_viewed_product(goods)}'
    items, total = _basket(goods)
    if chance < 236:
        return "commerce.productListAdds", f',"commerce":{{"productListAdds":{{"value":1.0}}}}{items}'
    order = f'{{"purchaseID":"P-{number:010d}","priceTotal":{total},"currencyCode":"{currency}"}}'
    return "commerce.purchases", f',"commerce":{{"purchases":{{"value":1.0}},"order":{order}}}{items}'


@cache
def _city(chance: int) -> tuple[str, str]:
    """Return the fields of a city, and the currency paid in there."""
    country, city, currency = _CITIES[chance % len(_CITIES)]
    return member("placeContext", {"geo": {"countryCode": country, "city": city}}), currency


@cache
def _device(chance: int) -> tuple[str, bool]:
    """Device and environment, and whether it is the app, which shows no web page."""
    kind, maker, model, system, browser = _DEVICES[chance % len(_DEVICES)]
    device = {"type": kind} | ({"manufacturer": maker, "model": model} if maker else {})
    environment: dict[str, object] = {"type": "browser" if browser else "application", "operatingSystem": system}
    if browser:
        environment["browserDetails"] = {"name": browser}
    return member("device", device) + member("environment", environment), browser is None


@cache
def _page(chance: int) -> str:
    product = chance % len(_PRODUCTS)
    details = {"name": _PRODUCTS[product][0], "URL": f"{_SHOP}/products/{product}", "pageViews": {"value": 1.0}}
    source = _REFERRERS[chance % len(_REFERRERS)]
    referrer = {"webReferrer": {"URL": source[0], "type": source[1]}} if source else {}
    return member("web", {"webPageDetails": details, **referrer})


@cache
def _viewed_product(chance: int) -> str:
    return member("productListItems", [_item(chance % len(_PRODUCTS), 1)])


@cache
def _basket(chance: int) -> tuple[str, str]:
    """One to four products, and the JSON number of what they cost together."""
    quantities = {(chance + 3 * j) % len(_PRODUCTS): 1 + (chance // 4 + j) % 3 for j in range(1 + chance % 4)}
    items = [_item(product, quantity) for product, quantity in quantities.items()]
    cents = sum(_PRODUCTS[product][1] * quantity for product, quantity in quantities.items())
    return member("productListItems", items), json_text(cents / 100)


def _item(product: int, quantity: int) -> dict[str, object]:
    name, cents = _PRODUCTS[product]
    return {"SKU": f"SKU-{1000 + product}", "name": name, "quantity": quantity, "priceTotal": quantity * cents / 100}


@cache
def _loyalty(chance: int) -> str:
    """Absent for those who are not logged in, and for one in four of the others."""
    if chance >= _LOGGED_IN_SHARE or chance % 4 == 0:
        return ""
    return member("_acme", {"loyalty": {"tier": _TIERS[chance % 3], "points": 25 * chance}})
