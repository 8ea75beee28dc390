"""The claims of the paper's results, in its order, in our words."""

from __future__ import annotations

from psychobench.reproduction import claim_measures as of
from psychobench.reproduction.claims import NO_MAPS, Claim
from psychobench.reproduction.paper import NETWORKS

PAIR = ("alexnet", "fe_alexnet")
DISTANCE = "Root mean square distance of the fitted curve from the people's mean curve"
ERROR = "|PSE - the people's mean PSE|"
PAIRS = "averaged over networks that have it with both"

EXPERIMENT_1 = (
    Claim(
        "1.2a",
        "3.1.1",
        "Curves of object-based networks are more dispersed than those of face-based ones.",
        "SD of P(target) over networks, averaged over levels, object - face; holds above 0.",
        of.answers_spread,
        least=2,
    ),
    Claim(
        "1.2b",
        "3.1.1",
        "The same for PSEs.",
        "SD of PSEs over networks that have one, object - face; holds above 0.",
        of.pse_spread,
        least=2,
    ),
    Claim(
        "1.3a",
        "3.1.1",
        "Object-based networks are more biased: face-based ones are closer to people.",
        f"{ERROR}, object - face, {PAIRS}; holds above 0.",
        of.object_minus_face("error"),
    ),
    Claim(
        "1.3b",
        "3.1.1",
        "The same for whole curves, which do not require a PSE.",
        f"{DISTANCE}, object - face, averaged over networks; holds above 0.",
        of.object_minus_face("distance"),
    ),
    Claim(
        "1.4",
        "3.1.1",
        "This holds for AlexNet and VGG13 in particular.",
        f"{DISTANCE}, object - face: mean of AlexNet and VGG13 minus the mean of VGG11 and VGG16; "
        "holds above 0.",
        of.first_and_third("distance"),
        least=4,
    ),
    Claim(
        "1.5",
        "3.1.1",
        "Object-based AlexNet has no PSE.",
        "Share of trainings without a PSE; holds above one half.",
        of.alexnet_object_lost,
        ("alexnet",),
        criterion=0.5,
        share=True,
    ),
    Claim(
        "1.6",
        "3.1.1",
        "Most networks' PSEs differ from people's.",
        "Share of the cells with a PSE, both pre-trainings, whose Bonferroni-corrected p of the "
        "one-sample t is below .001; holds above one half.",
        of.share_different,
        criterion=0.5,
    ),
    Claim(
        "1.7a",
        "3.1.1",
        "The pre-training changes AlexNet's and VGG13's PSE more than VGG11's and VGG16's.",
        "|PSE object - PSE face|: mean of AlexNet and VGG13 (of one, where the other lacks a PSE) "
        "minus the mean of VGG11 and VGG16; holds above 0.",
        of.pse_change,
        least=4,
    ),
    Claim(
        "1.7b",
        "3.1.1",
        "The same for answers.",
        "Root mean square over levels of P object - P face: the same difference of means; holds "
        "above 0.",
        of.answers_change,
        least=4,
    ),
    Claim(
        "1.8",
        "3.1.2",
        "Learning transfers worse from objects to faces than from faces to faces.",
        "Validation accuracy of the transfer, object - face, averaged over networks; holds below "
        "0.",
        of.object_minus_face("accuracy"),
        side="below",
    ),
    Claim(
        "1.9",
        "3.1.1",
        "Object-based networks except VGG11 attend to regions outside the face; face-based ones "
        "attend to its key parts, and to the mouth more, the happier the face is.",
        reason=NO_MAPS,
    ),
)
EXPERIMENT_2 = (
    Claim(
        "2.1",
        "3.2.1",
        "Masks impair curves and PSEs.",
        f"{DISTANCE}, masked minus whole faces, averaged over networks, masks and pre-trainings; "
        "holds above 0.",
        of.masked_minus_whole,
    ),
    Claim(
        "2.2a",
        "3.2.1",
        "Under masks, object-based networks lack a PSE more often.",
        "Share of masked cells without a PSE, object - face; holds above 0.",
        of.object_minus_face("no_pse", of.MASKED),
    ),
    Claim(
        "2.2b",
        "3.2.1",
        "The same under each of the three masks.",
        "The same, mask by mask, the smallest of the three; holds above 0.",
        of.in_each_mask("no_pse"),
    ),
    Claim(
        "2.2c",
        "3.2.1",
        "Under each mask, object-based networks are more biased.",
        f"{DISTANCE}, object - face, averaged over networks, the smallest of the three masks; "
        "holds above 0.",
        of.in_each_mask("distance"),
    ),
    Claim(
        "2.2d",
        "3.2.1",
        "The same for PSEs, over all masks.",
        f"{ERROR}, object - face, averaged over masked cells that have it with both; holds above "
        "0.",
        of.object_minus_face("error", of.MASKED),
    ),
    Claim(
        "2.2e",
        "3.2.1",
        "Under masks, curves fit the answers of object-based networks worse.",
        "Root mean square of the answers' distances from their curve, object - face, averaged over "
        "networks and masks; holds above 0.",
        of.object_minus_face("residual", of.MASKED),
    ),
    Claim(
        "2.3a",
        "3.2.1",
        "Masking the eyes causes the least bias.",
        f"{DISTANCE}, averaged over networks and pre-trainings: the lower of nose and mouth, minus "
        "the eyes; holds above 0.",
        of.others_minus_eyes("distance"),
    ),
    Claim(
        "2.3b",
        "3.2.1",
        "The same for PSEs.",
        f"{ERROR}, averaged over cells that have a PSE: the same difference; holds above 0.",
        of.others_minus_eyes("error"),
    ),
    Claim(
        "2.3c",
        "3.2.1",
        "The same for cells without a PSE.",
        "Share of cells without a PSE: the same difference; holds above 0.",
        of.others_minus_eyes("no_pse"),
    ),
    Claim(
        "2.4a",
        "3.2.1",
        "AlexNet is the most biased under every mask.",
        f"{DISTANCE}: AlexNet minus the largest of the others, the smallest over masks and "
        "pre-trainings; holds above 0.",
        of.alexnet_above_others("distance"),
        least=2,
    ),
    Claim(
        "2.4b",
        "3.2.1",
        "The same for PSEs, where it has one.",
        f"{ERROR}: the same difference, over cells in which AlexNet has a PSE; holds above 0.",
        of.alexnet_above_others("error"),
        least=2,
    ),
    Claim(
        "2.5",
        "3.2.2",
        "Networks rely on the lower part of the face.",
        "Root mean square over levels of P masked - P whole, averaged over networks and "
        "pre-trainings: mean of nose and mouth, minus the eyes; holds above 0.",
        of.lower_face,
    ),
    Claim(
        "2.6",
        "3.2.2",
        "The mouth matters most.",
        "The same: the mouth, less the larger of eyes and nose; holds above 0.",
        of.mouth_most,
    ),
    Claim(
        "2.7",
        "3.2.1",
        "With hidden eyes attention moves to the mouth; with hidden nose or mouth object-based "
        "networks attend to the hidden place all the same.",
        reason=NO_MAPS,
    ),
)
EXPERIMENT_3 = (
    Claim(
        "3.1a",
        "3.3.1",
        "FE brings AlexNet's curve nearer to people's (object-based).",
        f"{DISTANCE}, AlexNet - FE-AlexNet, whole faces; holds above 0.",
        of.alexnet_minus_fe("distance"),
        PAIR,
        least=2,
    ),
    Claim(
        "3.1b",
        "3.3.1",
        "The same for PSEs.",
        f"{ERROR}, AlexNet - FE-AlexNet; holds above 0.",
        of.alexnet_minus_fe("error"),
        PAIR,
        least=2,
    ),
    Claim(
        "3.2",
        "3.3.1",
        "FE-AlexNet starts lower than AlexNet (object-based).",
        "P(target) at the lowest level, AlexNet - FE-AlexNet; holds above 0.",
        of.lowest_answer,
        PAIR,
        least=2,
    ),
    Claim(
        "3.3",
        "3.3.1",
        "Object-based FE-AlexNet's PSE does not differ from people's.",
        "|t| of the one-sample t, in units of the |t| whose Bonferroni-corrected p is .05; holds "
        "below 1.",
        of.t_of_critical,
        ("fe_alexnet",),
        side="below",
        criterion=1.0,
    ),
    Claim(
        "3.4a",
        "3.3.1",
        "Masks change FE-AlexNet's answers in the pattern in which they change AlexNet's.",
        "Correlation of P masked - P whole of one with that of the other, over masks, levels and "
        "pre-trainings; holds above .5.",
        of.effects_alike,
        PAIR,
        least=2,
        criterion=0.5,
    ),
    Claim(
        "3.4b",
        "3.3.1",
        "The same for the question which cells have a PSE.",
        "Share of masked cells in which both or neither have one; holds above one half.",
        of.cells_alike,
        PAIR,
        least=2,
        criterion=0.5,
    ),
    Claim(
        "3.5a",
        "3.3.2, 5",
        "Object-based FE-AlexNet outperforms all other networks, with either pre-training.",
        f"{ERROR}: the smallest of the others, minus FE-AlexNet's; holds above 0.",
        of.fe_ahead_of_all("error"),
        NETWORKS,
        least=2,
    ),
    Claim(
        "3.5b",
        "3.3.2, 5",
        "The same for whole curves.",
        f"{DISTANCE}: the smallest of the others, minus FE-AlexNet's; holds above 0.",
        of.fe_ahead_of_all("distance"),
        NETWORKS,
        least=2,
    ),
    Claim(
        "3.6a",
        "3.3.2, 4",
        "FE reduces the bias that pre-training introduces in AlexNet.",
        "Root mean square over levels of P object - P face, AlexNet - FE-AlexNet; holds above 0.",
        of.fe_least_moved,
        PAIR,
        least=2,
    ),
    Claim(
        "3.6b",
        "3.3.2, 4",
        "The same for PSEs, compared with all other networks.",
        "|PSE object - PSE face|, mean of the others minus FE-AlexNet's; holds above 0.",
        of.fe_pse_least_moved,
        NETWORKS,
        least=2,
    ),
    Claim(
        "3.7",
        "3.3.2, 4",
        "FE-AlexNet judges masked faces less like people than whole ones.",
        f"{DISTANCE}, masked minus whole faces, averaged over masks and pre-trainings; holds above "
        "0.",
        of.masked_minus_whole,
        ("fe_alexnet",),
    ),
    Claim(
        "3.8",
        "3.3.2",
        "FE's gain comes from recalibrated attention.",
        reason="a claim about causes; `controls` shows what other heads on the same features do",
    ),
)
CONCLUSIONS = (
    Claim(
        "0.1",
        "5",
        "Networks perceive faces by mechanisms similar, but not identical, to people's.",
        reason="the paper names no number that separates similar from identical",
    ),
    Claim(
        "0.2",
        "5",
        "Networks differ because their attention and extraction of information differ.",
        reason="a claim about causes; nothing that would show them was manipulated",
    ),
)
CLAIMS = (*EXPERIMENT_1, *EXPERIMENT_2, *EXPERIMENT_3, *CONCLUSIONS)
