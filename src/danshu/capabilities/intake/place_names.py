"""Words that people and platforms use for countries and provinces, beside those of the data files.

Sources: ISO 3166-1, ISO 3166-2:CN, the numbers that WooCommerce gives to Chinese provinces, what
Taobao and JD write where a province has no prefecture between itself and the county.
"""

from __future__ import annotations

from typing import Final

CHINA: Final = "CN"
HONG_KONG: Final = "810000"
MACAO: Final = "820000"
TAIWAN: Final = "710000"
# One region each, whatever stands in the city field.
WHOLE: Final = frozenset({"110000", "120000", "310000", "500000", TAIWAN, HONG_KONG, MACAO})

# GB/T 2260 province -> ISO 3166-2:CN letters, number in WooCommerce (0 = none), English names.
PROVINCE_WORDS: Final[dict[str, tuple[str, int, tuple[str, ...]]]] = {
    "110000": ("BJ", 2, ("Beijing", "Peking")),
    "120000": ("TJ", 3, ("Tianjin",)),
    "130000": ("HE", 4, ("Hebei",)),
    "140000": ("SX", 5, ("Shanxi",)),
    "150000": ("NM", 6, ("Inner Mongolia", "Nei Mongol", "Neimenggu")),
    "210000": ("LN", 7, ("Liaoning",)),
    "220000": ("JL", 8, ("Jilin",)),
    "230000": ("HL", 9, ("Heilongjiang",)),
    "310000": ("SH", 10, ("Shanghai",)),
    "320000": ("JS", 11, ("Jiangsu",)),
    "330000": ("ZJ", 12, ("Zhejiang",)),
    "340000": ("AH", 13, ("Anhui",)),
    "350000": ("FJ", 14, ("Fujian",)),
    "360000": ("JX", 15, ("Jiangxi",)),
    "370000": ("SD", 16, ("Shandong",)),
    "410000": ("HA", 17, ("Henan",)),
    "420000": ("HB", 18, ("Hubei",)),
    "430000": ("HN", 19, ("Hunan",)),
    "440000": ("GD", 20, ("Guangdong", "Canton")),
    "450000": ("GX", 21, ("Guangxi", "Guangxi Zhuang", "Guangxi Zhuangzu")),
    "460000": ("HI", 22, ("Hainan",)),
    "500000": ("CQ", 23, ("Chongqing",)),
    "510000": ("SC", 24, ("Sichuan",)),
    "520000": ("GZ", 25, ("Guizhou",)),
    "530000": ("YN", 1, ("Yunnan",)),
    "540000": ("XZ", 31, ("Tibet", "Xizang")),
    "610000": ("SN", 26, ("Shaanxi",)),
    "620000": ("GS", 27, ("Gansu",)),
    "630000": ("QH", 28, ("Qinghai",)),
    "640000": ("NX", 29, ("Ningxia", "Ningxia Hui", "Ningxia Huizu")),
    "650000": ("XJ", 32, ("Xinjiang", "Xinjiang Uygur", "Xinjiang Uyghur")),
    TAIWAN: ("TW", 0, ("Taiwan",)),
    HONG_KONG: ("HK", 0, ("Hong Kong",)),
    MACAO: ("MO", 30, ("Macao", "Macau")),
}
PROVINCE_SUFFIXES: Final = (
    "province",
    "sheng",
    "municipality",
    "city",
    "shi",
    "autonomousregion",
    "sar",
)
CITY_SUFFIXES: Final = ("city", "shi", "prefecture", "municipality")

# What platforms write where a province has no prefecture between itself and the county.
NO_CITY: Final = frozenset(
    {
        "",
        "市辖区",
        "县",
        "郊县",
        "省直辖县级行政区划",
        "自治区直辖县级行政区划",
        "省直辖县级行政单位",
    }
    | {"省直辖县", "省直辖", "自治区直辖县级行政单位", "直辖县级", "省直辖行政单位", "直辖县"}
)

# Names that people use beside those of ISO 3166-1 and CLDR; key as _letters gives it, or Chinese.
COUNTRY_ALIASES: Final[dict[str, str]] = {
    **dict.fromkeys(("", "prc", "china", "chn", "prchina", "mainlandchina"), CHINA),
    **dict.fromkeys(
        ("peoplesrepublicofchina", "thepeoplesrepublicofchina", "chinamainland"), CHINA
    ),
    **dict.fromkeys(("中国", "中國", "中国大陆", "中华人民共和国", "大陆"), CHINA),
    **dict.fromkeys(("hongkong", "hongkongchina", "chinahongkong", "hongkongsar"), HONG_KONG),
    **dict.fromkeys(("hongkongsarchina", "中国香港", "中国香港特别行政区", "中國香港"), HONG_KONG),
    **dict.fromkeys(
        ("macao", "macau", "macaochina", "macauchina", "macaosar", "macaosarchina"), MACAO
    ),
    **dict.fromkeys(("中国澳门", "中国澳门特别行政区", "澳門", "中國澳門"), MACAO),
    **dict.fromkeys(("taiwan", "taiwanchina", "chinesetaipei", "taiwanprovinceofchina"), TAIWAN),
    **dict.fromkeys(("中国台湾", "中国台湾省", "臺灣", "中國臺灣"), TAIWAN),
    **dict.fromkeys(("uk", "greatbritain", "britain", "england", "scotland", "wales"), "GB"),
    **dict.fromkeys(("northernireland", "unitedkingdomofgreatbritainandnorthernireland"), "GB"),
    **dict.fromkeys(("unitedstatesofamerica", "theunitedstates", "america", "美利坚合众国"), "US"),
    **dict.fromkeys(("eire", "republicofireland"), "IE"),
    **dict.fromkeys(("rsa", "republicofsouthafrica"), "ZA"),
    **dict.fromkeys(("korea", "republicofkorea", "korearepublicof", "大韩民国", "南韩"), "KR"),
    **dict.fromkeys(("democraticpeoplesrepublicofkorea", "dprk"), "KP"),
    **dict.fromkeys(("russianfederation", "俄罗斯联邦", "俄国"), "RU"),
    **dict.fromkeys(("holland", "thenetherlands"), "NL"),
    **dict.fromkeys(("uae", "阿联酋"), "AE"),
    **dict.fromkeys(("ksa", "沙特"), "SA"),
    **dict.fromkeys(("myanmar", "burma"), "MM"),
    **dict.fromkeys(("drcongo", "democraticrepublicofthecongo"), "CD"),
    **dict.fromkeys(("palestine", "stateofpalestine"), "PS"),
    **dict.fromkeys(("vatican", "holysee"), "VA"),
    **dict.fromkeys(("laopeoplesdemocraticrepublic", "laopdr"), "LA"),
    **{"czechrepublic": "CZ", "slovakrepublic": "SK", "turkey": "TR", "ivorycoast": "CI"},
    **{"swaziland": "SZ", "macedonia": "MK", "caboverde": "CV", "easttimor": "TL"},
    **{"republicofthecongo": "CG", "syrianarabrepublic": "SY", "islamicrepublicofiran": "IR"},
    **{"bruneidarussalam": "BN", "unitedrepublicoftanzania": "TZ", "republicofmoldova": "MD"},
    **{"deutschland": "DE", "españa": "ES", "espana": "ES", "italia": "IT", "nippon": "JP"},
}
