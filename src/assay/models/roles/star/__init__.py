"""Roles of the strategy `mle_star`, named after the agents of the paper (Nam et al. 2025, arXiv:2506.15692).

Its debugger and its ablation agent are the basic roles `debug` and `ablate`; whoever corrects a leak, brings in unused
data or prepares the last fit is the coder, `code`, with another purpose.
"""

from assay.models.roles.shared import Program, Role
from assay.models.roles.star.combine import Ensembled, EnsembleInputs, EnsemblePlanInputs
from assay.models.roles.star.guards import (
    DataUsage,
    DataUsageInputs,
    FinalizeInputs,
    Leak,
    LeakageInputs,
    LeakageReport,
    Readiness,
    ValidateInputs,
    Validation,
)
from assay.models.roles.star.passage import Passage
from assay.models.roles.star.refine import (
    Attempt,
    Block,
    CodeInputs,
    ExtractInputs,
    Extraction,
    Plan,
    PlanInputs,
    Purpose,
    SummarizeInputs,
    Summary,
    Target,
)
from assay.models.roles.star.start import (
    InitInputs,
    Known,
    MergeInputs,
    ModelIdea,
    Research,
    ResearchInputs,
    Retrieval,
    RetrieveInputs,
    Solution,
)

__all__ = [
    "STAR_ROLES",
    "Attempt",
    "Block",
    "CodeInputs",
    "DataUsage",
    "DataUsageInputs",
    "EnsembleInputs",
    "EnsemblePlanInputs",
    "Ensembled",
    "ExtractInputs",
    "Extraction",
    "FinalizeInputs",
    "InitInputs",
    "Known",
    "Leak",
    "LeakageInputs",
    "LeakageReport",
    "MergeInputs",
    "ModelIdea",
    "Passage",
    "Plan",
    "PlanInputs",
    "Purpose",
    "Readiness",
    "Research",
    "ResearchInputs",
    "Retrieval",
    "RetrieveInputs",
    "Solution",
    "SummarizeInputs",
    "Summary",
    "Target",
    "ValidateInputs",
    "Validation",
]

STAR_ROLES = (
    Role(
        name="research",
        asked="strategy `mle_star`, once a path, before models are retrieved",
        inputs=ResearchInputs,
        reply=Research,
        search=True,
    ),
    Role(
        name="retrieve", asked="strategy `mle_star`, once a path", inputs=RetrieveInputs, reply=Retrieval, search=True
    ),
    Role(name="init", asked="strategy `mle_star`, once for every retrieved model", inputs=InitInputs, reply=Program),
    Role(
        name="merge",
        asked="strategy `mle_star`, for each model that is merged into the best script",
        inputs=MergeInputs,
        reply=Program,
    ),
    Role(name="summarize", asked="strategy `mle_star`, after every ablation", inputs=SummarizeInputs, reply=Summary),
    Role(name="extract", asked="strategy `mle_star`, after every summary", inputs=ExtractInputs, reply=Extraction),
    Role(
        name="plan", asked="strategy `mle_star`, for each but the first try at a block", inputs=PlanInputs, reply=Plan
    ),
    Role(
        name="code",
        asked="strategy `mle_star`, for every try at a block, and to mend what a guard found",
        inputs=CodeInputs,
        reply=Block,
    ),
    Role(
        name="ensemble_plan",
        asked="strategy `mle_star`, once a round of its ensembles",
        inputs=EnsemblePlanInputs,
        reply=Plan,
    ),
    Role(
        name="ensemble",
        asked="strategy `mle_star`, once a round of its ensembles",
        inputs=EnsembleInputs,
        reply=Ensembled,
    ),
    Role(
        name="leakage",
        asked="strategy `mle_star`, for every script that is about to run",
        inputs=LeakageInputs,
        reply=LeakageReport,
    ),
    Role(
        name="data_usage",
        asked="strategy `mle_star`, once a path, on its first script",
        inputs=DataUsageInputs,
        reply=DataUsage,
    ),
    Role(name="finalize", asked="strategy `mle_star`, once, on the winner", inputs=FinalizeInputs, reply=Readiness),
    Role(name="validate", asked="strategy `mle_star`, once, on the winner", inputs=ValidateInputs, reply=Validation),
)
