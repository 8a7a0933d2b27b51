"""Numba's pipeline without the passes that generated code has no need of.

Generated code has single assignment, no closures, no literals that decide branches and no `with` blocks. Numba spends
most of a compilation finding that out; over hundreds of branches its SSA pass alone takes half of it. What the shorter
pipeline cannot compile goes through Numba's own.
"""

from __future__ import annotations

from typing import Any

from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.typed_passes import (
    AnnotateTypes,
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NopythonRewrites,
    NopythonTypeInference,
)
from numba.core.untyped_passes import (
    FixupArgs,
    GenericRewrites,
    IRProcessing,
    RewriteDynamicRaises,
    RewriteSemanticConstants,
    TranslateByteCode,
)

SHORT = (
    TranslateByteCode, FixupArgs, IRProcessing, RewriteSemanticConstants, GenericRewrites, RewriteDynamicRaises,
    NopythonTypeInference, NopythonRewrites, IRLegalization, AnnotateTypes, NativeLowering, NoPythonBackend,
)  # fmt: skip
"""The passes that make machine code of typed, single-assignment code."""


@register_pass(mutates_CFG=True, analysis_only=False)
class TranslateAgain(TranslateByteCode):
    """Begin anew, and forget that the short pipeline has failed."""

    _name = "translate_bytecode_again"

    def run_pass(self, state: Any) -> bool:
        """Bytecode to Numba's IR."""
        state.status.fail_reason = None
        return bool(super().run_pass(state))


class GeneratedCode(CompilerBase):
    """Compiles generated functions."""

    def define_pipelines(self) -> list[PassManager]:
        """The short pipeline, then Numba's own."""
        short, whole = PassManager("generated"), PassManager("nopython")
        for change in SHORT:
            short.add_pass(change, change._name)
        short.finalize()
        whole.add_pass(TranslateAgain, "analyzing bytecode")
        whole.add_pass(FixupArgs, "fix up args")
        parts = (
            DefaultPassBuilder.define_untyped_pipeline, DefaultPassBuilder.define_typed_pipeline,
            DefaultPassBuilder.define_nopython_lowering_pipeline,
        )  # fmt: skip
        for part in parts:
            whole.passes.extend(p for p in part(self.state).passes if p[0] not in (TranslateByteCode, FixupArgs))
        whole.finalize()
        return [short, whole]
