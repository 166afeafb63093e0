# SPDX-License-Identifier: GPL-2.0-or-later
"""Adapt model to another area."""

from __future__ import annotations

from .base import ScarpAlgorithm


class FinetuneModel(ScarpAlgorithm):
    """Adapt a trained CNN–DNN with few landslides of another area."""

    ID = "finetunemodel"
    TITLE = "Adapt model to another area"
    GROUP = "model"
    TAGS = "adapt transfer learning fine-tune finetune transferability another area few landslides domain adaptation cnn dnn"
    TASK = "finetune_model"
    HELP = (
        "Takes a CNN–DNN that was trained elsewhere and adapts it with the few landslides that are known of another area: each of its "
        "networks is trained on from where it stands, and new trees grow beside its own. Prepare the other area’s covariates as those of "
        "the model; bands are matched by name.\n\n"
        "Adapting does not always help. So three models are tested on landslides of the new area that they have not seen, whole landslides "
        "and whole blocks at a time: the model as it was, the adapted one, and one trained on the few landslides alone. Log and "
        "report say in one sentence which serves best, and whether chance alone may bring its lead. The adapted model is written in any "
        "case.\n\n"
        "How it is done, and what it gave where it was measured, tells the page “Another area” (menu Scarp › Tutorial)."
    )
