"""Questions in the words of business 业务语言搜索: which number, over which time, by what."""
