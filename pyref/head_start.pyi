FEW: int
MANY: int
SHARE: int
SOME: int
WIDE: int
