"""The tests of the model room run for both backends of the estimators."""

import pytest
from helpers.fits import BACKENDS


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param
