"""Address alignment: certain spellings find their region, doubtful ones find nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.intake.address import Gazetteer, Place
from danshu.capabilities.intake.place_names import COUNTRY_ALIASES, WHOLE

GAZETTEER = Gazetteer.load()
DOMESTIC = tuple(place for place in GAZETTEER.places if place.domestic)
FOREIGN = tuple(place for place in GAZETTEER.places if not place.domestic)

# (country, province, city, district, street, detail) as the sample messages carry them
PAYLOADS = {
    "taobao": (("CN", "浙江省", "杭州市", "示例区", "示例街道", "示例路**号**单元"), "330100"),
    "jd": (("CN", "广东", "广州市", "示例区", "示例街道", ""), "440100"),
    "pdd": (("中国", "浙江省", "杭州市", "示例区", "", "示例路***号***"), "330100"),
    "douyin": (("CN", "浙江省", "杭州市", "示例区", "示例街道", "示**********"), "330100"),
    "shopify": (("US", "Illinois", "Springfield", "", "", "12 Example Avenue"), "US"),
    "woocommerce": (("US", "IL", "Springfield", "", "", "12 Example Avenue"), "US"),
    "amazon": (("US", "IL", "Springfield", "", "", "1 Example St."), "US"),
}

CERTAIN = [
    # suffixes, with and without
    (("CN", "广东", "广州", "天河区"), "440100"),
    (("CN", "广东省", "广州市", ""), "440100"),
    (("", "内蒙古自治区", "锡林郭勒盟", ""), "152500"),
    (("", "内蒙古", "锡林郭勒", ""), "152500"),
    (("", "广西壮族自治区", "南宁市", ""), "450100"),
    (("", "广西", "南宁", ""), "450100"),
    (("", "广西省", "南宁", ""), "450100"),
    (("", "新疆", "伊犁州", ""), "654000"),
    (("", "新疆维吾尔自治区", "喀什地区", "疏附县"), "653100"),
    (("", "湖南省", "湘西州", "吉首市"), "433100"),
    (("", "湖南省", "湘西土家族苗族自治州", "吉首市"), "433100"),
    (("", "西藏自治区", "那曲地区", ""), "540600"),
    (("", "西藏", "那曲市", ""), "540600"),
    (("", " 广 东 省 ", "深圳市 ", ""), "440300"),
    # 直辖市
    (("", "北京市", "市辖区", "海淀区"), "110000"),
    (("", "北京市", "北京市", "海淀区"), "110000"),
    (("", "北京", "朝阳区", "三环以内"), "110000"),
    (("", "北京", "朝阳", ""), "110000"),
    (("", "上海", "", "浦东新区"), "310000"),
    (("", "重庆市", "县", "忠县"), "500000"),
    (("", "天津", "示例区", ""), "120000"),
    (("", "", "上海市", ""), "310000"),
    # 省直辖县级
    (("", "河南省", "", "济源市"), "419001"),
    (("", "河南省", "省直辖县级行政区划", "济源市"), "419001"),
    (("", "河南", "济源市", ""), "419001"),
    (("", "湖北省", "", "仙桃市"), "429004"),
    (("", "湖北省", "省直辖县", "神农架林区"), "429021"),
    (("", "新疆", "自治区直辖县级行政区划", "石河子市"), "659001"),
    (("", "海南省", "省直辖县级行政区划", "陵水黎族自治县"), "469028"),
    (("", "海南", "陵水县", ""), "469028"),
    (("", "海南", "陵水", ""), "469028"),
    # county-level cities written as cities; former and re-numbered places
    (("", "江苏省", "昆山市", ""), "320500"),
    (("", "江苏", "", "昆山"), "320500"),
    (("", "河北省", "定州市", ""), "130600"),
    (("", "河北省", "雄安新区", ""), "130600"),
    (("", "山东省", "莱芜市", "莱城区"), "370100"),
    (("", "安徽省", "巢湖市", ""), "340100"),
    (("", "湖北", "襄樊市", ""), "420600"),
    # no province
    (("", "", "深圳市", "南山区"), "440300"),
    (("", "", "深圳", ""), "440300"),
    (("CN", "", "吉林市", ""), "220200"),
    (("", "", "", "昆山市"), "320500"),
    (("", "吉林", "吉林", ""), "220200"),
    (("", "青海省", "海南藏族自治州", ""), "632500"),
    (("", "青海", "海南州", ""), "632500"),
    # 港澳台
    (("CN", "香港特别行政区", "九龙", "观塘区"), "810000"),
    (("", "香港", "", ""), "810000"),
    (("", "港澳", "澳门特别行政区", ""), "820000"),
    (("", "台湾省", "台北市", "大安区"), "710000"),
    (("HK", "Kowloon", "Hong Kong", ""), "810000"),
    (("TW", "", "Taipei City", ""), "710000"),
    (("Hong Kong", "", "", ""), "810000"),
    # English, ISO 3166-2, WooCommerce's numbers, codes
    (("CN", "Guangdong", "Shenzhen", ""), "440300"),
    (("CN", "GUANGDONG PROVINCE", "Shenzhen City", ""), "440300"),
    (("China", "Shaanxi", "Xi'an", ""), "610100"),
    (("China", "Shaanxi", "XIAN", ""), "610100"),
    (("CN", "Inner Mongolia", "Hohhot", ""), "150100"),
    (("CN", "Inner Mongolia Autonomous Region", "Hohhot Shi", ""), "150100"),
    (("CN", "Jiangsu", "Suzhou", ""), "320500"),
    (("CN", "Anhui", "Suzhou", ""), "341300"),
    (("CN", "GD", "Guangzhou", ""), "440100"),
    (("CN", "CN-ZJ", "Hangzhou", ""), "330100"),
    (("CN", "CN12", "Hangzhou", ""), "330100"),
    (("CN", "CN30", "Macau", ""), "820000"),
    (("CN", "330000", "330100", ""), "330100"),
    (("CN", "Beijing", "Beijing", ""), "110000"),
    (("cn", "", "Guangzhou", ""), "440100"),
]

DOUBTFUL = [
    ("", "", "", ""),
    ("", "广东省", "", ""),
    ("", "广东省", "杭州市", ""),  # contradiction
    ("", "北京市", "杭州市", "西湖区"),
    ("", "某某省", "杭州市", ""),
    ("", "广东省", "某某市", "天河区"),
    ("", "", "", "鼓楼区"),  # four cities have one
    ("", "", "朝阳区", ""),
    ("", "", "海南", ""),  # a province, or a prefecture of 青海
    ("", "", "吉林", ""),
    ("", "海南", "海南", ""),
    ("CN", "", "Suzhou", ""),
    ("CN", "", "Yichun", ""),
    ("CN", "GD", "Hangzhou", ""),
    ("CN", "Illinois", "Springfield", ""),
    ("CN", "市", "州", ""),
    ("US", "浙江省", "杭州市", ""),  # contradiction
    ("Nowhere", "浙江省", "杭州市", ""),
]

COUNTRIES = [
    ("United Kingdom", "GB"),
    ("EIRE", "IE"),
    ("RSA", "ZA"),
    ("USA", "US"),
    ("usa", "US"),
    ("United States", "US"),
    ("U.S.A.", "US"),
    ("UK", "GB"),
    ("Germany", "DE"),
    ("Czech Republic", "CZ"),
    ("Hong Kong", "810000"),
    ("Saudi Arabia", "SA"),
    ("United Arab Emirates", "AE"),
    ("South Korea", "KR"),
    ("Republic of Korea", "KR"),
    ("Viet Nam", "VN"),
    ("Türkiye", "TR"),
    ("Turkey", "TR"),
    ("Côte d'Ivoire", "CI"),
    ("Saint Lucia", "LC"),
    ("Bosnia and Herzegovina", "BA"),
    ("Trinidad Tobago", "TT"),
    ("日本", "JP"),
    ("美国", "US"),
    ("Channel Islands", None),  # Jersey or Guernsey
    ("European Community", None),
    ("Unspecified", None),
    ("Unit", None),
    ("Congo", None),  # two states
    ("Korea, North", None),
    ("ZZ", None),
    ("…", None),
]

DETAILS = [
    ("浙江省杭州市西湖区文三路1号", "330100"),
    ("中国浙江省杭州市西湖区文三路1号", "330100"),
    ("浙江 杭州市 西湖区 文三路1号", "330100"),
    ("杭州市西湖区文三路1号", "330100"),
    ("广东深圳市南山区", "440300"),
    ("北京市朝阳区建国路", "110000"),
    ("上海浦东新区世纪大道", "310000"),
    ("吉林市昌邑区", "220200"),
    ("吉林省吉林市昌邑区", "220200"),
    ("河南省济源市天坛路", "419001"),
    ("江苏省昆山市前进路", "320500"),
    ("海南藏族自治州共和县", "632500"),
    ("香港特别行政区九龙", "810000"),
    ("北京路12号", None),
    ("北京市场12号", None),
    ("南京东路100号", None),
    ("东方市场3楼", None),
    ("中山路", None),
    ("示例路**号**单元", None),
    ("12 Example Avenue", None),
    ("", None),
]


@pytest.mark.parametrize("channel", PAYLOADS)
def test_sample_messages_are_aligned(channel: str) -> None:
    address, region = PAYLOADS[channel]
    assert GAZETTEER.resolve(*address) == region


@pytest.mark.parametrize(("address", "region"), CERTAIN)
def test_certain_spellings(address: tuple[str, str, str, str], region: str | None) -> None:
    assert GAZETTEER.resolve(*address) == region


@pytest.mark.parametrize("address", DOUBTFUL)
def test_doubt_finds_nothing(address: tuple[str, str, str, str]) -> None:
    assert GAZETTEER.resolve(*address) is None


@pytest.mark.parametrize(("country", "region"), COUNTRIES)
def test_countries(country: str, region: str | None) -> None:
    assert GAZETTEER.resolve(country, "", "") == region


@pytest.mark.parametrize(("detail", "region"), DETAILS)
def test_one_line_addresses(detail: str, region: str | None) -> None:
    assert GAZETTEER.resolve("", "", "", "", "", detail) == region


def test_detail_is_not_read_when_the_fields_say_something() -> None:
    assert GAZETTEER.resolve("", "广东省", "", "", "", "浙江省杭州市西湖区") is None


def test_every_region_once_and_complete() -> None:
    codes = [place.code for place in GAZETTEER.places]
    assert len(set(codes)) == len(codes)
    assert len(DOMESTIC) == 333 + 4 + 32 + 3
    iso = {place.iso2 for place in GAZETTEER.places if place.iso2}
    assert len(iso | {"CN"}) == 249
    assert {p.code[:2] for p in DOMESTIC} == {code[:2] for code in WHOLE} | {
        *("13", "14", "15", "21", "22", "23", "32", "33", "34", "35", "36", "37", "41", "42", "43"),
        *("44", "45", "46", "51", "52", "53", "54", "61", "62", "63", "64", "65"),
    }
    assert all(p.province and p.short and p.en for p in DOMESTIC)


def test_counties_belong_to_regions() -> None:
    assert {"西湖区", "上城区"} <= set(GAZETTEER.counties("330100"))
    assert GAZETTEER.counties("419001") == GAZETTEER.counties("nowhere") == ()
    for place in DOMESTIC:
        for county in GAZETTEER.counties(place.code):
            assert GAZETTEER.resolve("", place.province, place.name, county) == place.code


def test_coordinates_lie_in_the_country() -> None:
    assert all(73e6 < p.lng_udeg < 135.1e6 and 16e6 < p.lat_udeg < 53.6e6 for p in DOMESTIC)
    assert {p.code for p in FOREIGN if not (p.lng_udeg or p.lat_udeg)} == {"AQ", "BV", "HM", "UM"}


def test_aliases_hide_no_iso_code() -> None:
    iso = {w.casefold() for p in GAZETTEER.places for w in (p.iso2, p.iso3) if w}
    assert not iso & {alias.casefold() for alias in COUNTRY_ALIASES}


@given(st.sampled_from(DOMESTIC), st.booleans(), st.booleans())
def test_every_chinese_region_is_found(place: Place, full: bool, full_province: bool) -> None:
    province = place.province if full_province else place.province_short
    city = place.name if full else place.short
    assert GAZETTEER.resolve("CN", province, city) == place.code
    assert GAZETTEER.resolve("", province, "", city) == place.code


@given(st.sampled_from(FOREIGN))
def test_every_country_is_found(place: Place) -> None:
    for word in (
        place.iso2,
        place.iso3,
        place.en,
        place.name,
        place.iso2.lower(),
        place.en.upper(),
    ):
        assert GAZETTEER.resolve(word, "", "") == place.code


@given(st.sampled_from(DOMESTIC), st.sampled_from(DOMESTIC), st.text(max_size=6))
def test_a_region_is_never_outside_the_province(one: Place, other: Place, tail: str) -> None:
    found = GAZETTEER.resolve("", one.province, other.name + tail, other.short)
    assert found is None or found[:2] == one.code[:2]


@given(*[st.text(max_size=12)] * 4)
def test_any_text_is_answered(country: str, province: str, city: str, district: str) -> None:
    found = GAZETTEER.resolve(country, province, city, district, "", city + district)
    assert found is None or GAZETTEER.place(found) is not None
