FAINT: float
HARDLY: float
