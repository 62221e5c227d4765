"""What a data asset is worth 数据资产估值: three methods, ranges in, a range out."""
