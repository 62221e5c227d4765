"""Address alignment: the words of an address become the code of the region that it lies in.

The data files, their sources (GB/T 2260, ISO 3166) and their licences: `danshu/data/README.md`.
"""

from __future__ import annotations

import csv
import unicodedata
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.intake.place_names import (
    CHINA,
    CITY_SUFFIXES,
    COUNTRY_ALIASES,
    HONG_KONG,
    MACAO,
    NO_CITY,
    PROVINCE_SUFFIXES,
    PROVINCE_WORDS,
    TAIWAN,
    WHOLE,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# No name in the data is longer than 15 characters; one of a single character is never certain.
_PREFIX_CHARS: Final = 16
_SHORT_CHARS: Final = 2


class Place(Struct, frozen=True, kw_only=True):
    """One region of the gazetteer. Coordinates in micro-degrees, 0,0 = not known.

    `code` is the GB/T 2260 code of a Chinese place (6 digits), else the ISO 3166-1 alpha-2 code.
    """

    code: str
    name: str
    short: str
    province: str = ""
    province_short: str = ""
    en: str = ""
    iso2: str = ""
    iso3: str = ""
    lng_udeg: int = 0
    lat_udeg: int = 0

    @property
    def domestic(self) -> bool:
        """Tell whether it has a GB/T 2260 code (Hong Kong, Macao and Taiwan have one)."""
        return self.code.isdigit()


class Gazetteer:
    """All places by every spelling that is certain; an ambiguous or unknown one finds nothing.

    Nothing changes after it was made, so that many threads may read it.
    """

    def __init__(self, places: Iterable[Place], counties: Iterable[tuple[str, str]]) -> None:
        self.places: tuple[Place, ...] = tuple(places)
        self._by_code = {place.code: place for place in self.places}
        domestic = [place for place in self.places if place.domestic]
        known_counties = tuple(counties)
        names: dict[str, list[str]] = {}
        for region, name in known_counties:
            names.setdefault(region, []).append(name)
        self._county_names = {region: tuple(found) for region, found in names.items()}
        self._countries = _index_countries(self.places)
        self._provinces = _index_provinces(domestic)
        self._cities = _index_cities(domestic)
        self._counties = _index_counties(known_counties, self._cities)
        self._alone = _index_alone(self._cities, known_counties, self._provinces)

    @staticmethod
    @cache
    def load() -> Gazetteer:
        """Read the gazetteer that ships with the product, once a process."""
        places = (
            Place(
                code=row["code"],
                name=row["name"],
                short=row["short"],
                province=row["province"],
                province_short=row["province_short"],
                en=row["en"],
                iso2=row["iso2"],
                iso3=row["iso3"],
                lng_udeg=int(row["lng_udeg"]),
                lat_udeg=int(row["lat_udeg"]),
            )
            for row in _rows("regions.csv")
        )
        return Gazetteer(places, ((row["region"], row["name"]) for row in _rows("counties.csv")))

    def place(self, code: str) -> Place | None:
        """Give the place of a region code."""
        return self._by_code.get(code)

    def counties(self, code: str) -> tuple[str, ...]:
        """Give the names of the counties and districts of a region, former ones too."""
        return self._county_names.get(code, ())

    def resolve(
        self,
        country: str,
        province: str,
        city: str,
        district: str = "",
        street: str = "",
        detail: str = "",
    ) -> str | None:
        """Give the region code of an address, or None when the words leave a doubt.

        An empty country means China. `detail` is read only when province, city and district are
        empty; `street` never decides (a county has many namesakes among streets and towns).
        """
        land = self._countries.get(country) or self._country(country)
        if land != CHINA:
            said = None if province.isascii() else self._provinces.get(province)
            return land if said is None or said == land else None
        if not province:
            return self._without_province(_squeeze(city), _squeeze(district), detail)
        inside = self._provinces.get(province) or self._province(province)
        if inside is None:
            return None
        found = self._cities.get((inside, city))
        if found is not None:
            return found
        return self._in_province(inside, _squeeze(city), _squeeze(district))

    def _country(self, country: str) -> str | None:
        squeezed = _squeeze(country)
        letters = _letters(squeezed)
        return self._countries.get(squeezed) or (self._countries.get(letters) if letters else None)

    def _province(self, province: str) -> str | None:
        squeezed = _squeeze(province)
        spellings = _spellings(squeezed, PROVINCE_SUFFIXES)
        return next((p for s in spellings if (p := self._provinces.get(s)) is not None), None)

    def _in_province(self, inside: str, city: str, district: str) -> str | None:
        if inside in WHOLE:
            if city in NO_CITY or (inside, city) in self._counties:
                return inside
            elsewhere = self._alone.get(city, inside)
            return inside if elsewhere == inside else None
        for spelling in _spellings(district if city in NO_CITY else city, CITY_SUFFIXES):
            key = (inside, spelling)
            found = self._cities.get(key) or self._counties.get(key)
            if found is not None:
                return found
        return None

    def _without_province(self, city: str, district: str, detail: str) -> str | None:
        name = district if city in NO_CITY else city
        if not name:
            return self._read(_squeeze(detail))
        spellings = _spellings(name, CITY_SUFFIXES)
        return next((c for s in spellings if (c := self._alone.get(s)) is not None), None)

    def _read(self, text: str) -> str | None:
        """Read the region off the front of one line of text.

        Short names alone never count: 北京路 and 南京东路 are streets, 东方市场 is no city. A full
        city counts behind its province (广东广州市) or before one of its counties (杭州市西湖区).
        """
        head = _longest(self._countries, text)
        if head and self._countries[head] == CHINA:
            text = text[len(head) :]
        head = _longest(self._provinces, text)
        if head:
            found = self._read_city(self._provinces[head], head, text[len(head) :])
            if found is not None:
                return found
        head = _longest(self._alone, text)
        if head.endswith(("市", "州", "盟", "地区")):
            region = self._alone[head]
            rest = text[len(head) :]
            return region if self._begins_with_county(region, rest) else None
        return None

    def _read_city(self, inside: str, head: str, rest: str) -> str | None:
        if inside in WHOLE:
            certain = head.endswith(("省", "区")) or self._begins_with_county(inside, rest)
            return inside if certain else None
        for name in _prefixes(rest):
            found = self._cities.get((inside, name)) or self._counties.get((inside, name))
            if found is not None and _is_full(name):
                return found
        return None

    def _begins_with_county(self, region: str, rest: str) -> bool:
        inside = region[:2] + "0000"
        names = (name for name in _prefixes(rest) if _is_full(name))
        return any(self._counties.get((inside, name)) == region for name in names)


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (files("danshu") / "data" / name).read_text(encoding="utf-8")
    return iter(csv.DictReader(text.splitlines()))


def _squeeze(text: str) -> str:
    """Take out every space and bring full-width letters to their plain form."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _letters(text: str) -> str:
    """Reduce a Latin name to its bare small letters and digits (Xi'an: xian, Türkiye: turkiye)."""
    plain = unicodedata.normalize("NFKD", text.replace("&", "and")).casefold()
    return "".join(c for c in plain if c.isascii() and c.isalnum())


def _spellings(name: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Give the spellings to look a name up by: as it is, its Latin letters, without a suffix."""
    yield name
    if not name.isascii():
        return
    letters = _letters(name)
    if letters:
        yield letters
        yield from (letters.removesuffix(end) for end in suffixes if letters.endswith(end))


def _is_full(name: str) -> bool:
    return len(name) > _SHORT_CHARS and name.endswith(("市", "区", "县", "州", "盟", "旗"))


def _prefixes(text: str) -> Iterator[str]:
    """Give the beginnings of a text, longest first."""
    return (text[:n] for n in range(min(len(text), _PREFIX_CHARS), _SHORT_CHARS - 1, -1))


def _longest(known: Mapping[str, str], text: str) -> str:
    return next((name for name in _prefixes(text) if name in known), "")


def _index_countries(places: Iterable[Place]) -> dict[str, str]:
    known = {CHINA: CHINA, "cn": CHINA, **COUNTRY_ALIASES}
    for place in places:
        if not place.iso2:
            continue
        words = [place.iso2, place.iso3, place.en, place.name, place.short]
        english = [place.en, place.en.replace(" & ", " ")]
        english += [name.replace("St. ", "Saint ") for name in english if name.startswith("St. ")]
        words += [_letters(word) for word in (place.iso2, place.iso3, *english)]
        known.update(dict.fromkeys(words, place.code))
    return known


def _index_provinces(domestic: Iterable[Place]) -> dict[str, str]:
    known = {"港澳": "港澳", "臺灣": TAIWAN, "臺灣省": TAIWAN, "澳門": MACAO}
    for place in domestic:
        code = place.code[:2] + "0000"
        iso, number, english = PROVINCE_WORDS[code]
        short = place.province_short
        words = [place.province, short, short + "省", short + "自治区", iso, "CN-" + iso, code]
        words += [short + "市"] if code in WHOLE else []
        words += ["CN" + str(number)] if number else []
        words += [_letters(word) for word in (*english, *words) if word.isascii()]
        known.update(dict.fromkeys((*words, *english), code))
    return known


def _index_cities(domestic: Iterable[Place]) -> dict[tuple[str, str], str]:
    """Give (province, spelling) -> region for everything that is a region itself."""
    known: dict[tuple[str, str], str] = {}
    for place in domestic:
        inside = place.code[:2] + "0000"
        short = place.short
        words = [place.name, short, short + "市", place.en, _letters(place.en), place.code]
        if place.name.endswith("自治州"):
            words += [short + "州", short + "自治州"]
        words += [short + end for end in ("地区", "盟", "县") if place.name.endswith(end)]
        known.update({(inside, word): place.code for word in words})
        if place.code in (HONG_KONG, MACAO):
            known.update({("港澳", word): place.code for word in words})
    return known


def _index_counties(
    counties: Iterable[tuple[str, str]], cities: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], str]:
    """Give (province, spelling) -> region for counties that are unique in their province."""
    spelt: dict[tuple[str, str], set[str]] = {}
    for region, name in counties:
        inside = region[:2] + "0000"
        words = [name]
        if len(name) > _SHORT_CHARS and name[-1] in "市县区旗":
            words.append(name[:-1])
        for word in words:
            if (inside, word) not in cities:
                spelt.setdefault((inside, word), set()).add(region)
    return {key: regions.pop() for key, regions in spelt.items() if len(regions) == 1}


def _index_alone(
    cities: Mapping[tuple[str, str], str],
    counties: Iterable[tuple[str, str]],
    provinces: Mapping[str, str],
) -> dict[str, str]:
    """Give spelling -> region for what is certain without a province: unique in the country.

    A province's name (吉林, 海南) is no city here; counties count by their full names only.
    """
    spelt: dict[str, set[str]] = {}
    for (_, name), code in cities.items():
        if name not in provinces or code in WHOLE:
            spelt.setdefault(name, set()).add(code)
    taken = frozenset(spelt)
    for region, name in counties:
        if name not in taken and _is_full(name):
            spelt.setdefault(name, set()).add(region)
    return {name: regions.pop() for name, regions in spelt.items() if len(regions) == 1}
