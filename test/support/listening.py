# SPDX-License-Identifier: GPL-2.0-or-later
"""Feedback that keeps what it is told, for tests that read it back."""

from scarp.engine.feedback import Feedback


class Listener(Feedback):
    """Keeps messages, warnings, statuses and percents in their order."""

    def __init__(self):
        self.messages, self.warnings, self.statuses, self.percents = [], [], [], []

    def message(self, text):
        self.messages.append(text)

    def warning(self, text):
        self.warnings.append(text)

    def status(self, text):
        self.statuses.append(text)

    def progress(self, percent):
        self.percents.append(percent)
