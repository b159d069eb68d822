"""Every public function once, and the checks of what people give."""
