"""What the analysis of impedance spectra gives: settings, the resistances of a spectrum, and the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, fields, frozen

from lithiate.analysis.symmetric_result import estimate_to_dict
from lithiate.core.estimate import Estimate
from lithiate.errors import AnalysisError, nearest_match


@frozen(kw_only=True)
class ImpedanceSettings:
    """Settings of the analysis: `tail_frequency` [Hz], below which an arc is taken for diffusion."""

    tail_frequency: float = field(default=10.0, converter=float)

    @classmethod
    def from_keywords(cls, settings: Mapping[str, Any]) -> ImpedanceSettings:
        """Build settings from names and values; raises ``LI-ANA-001`` for what is not known or does not fit."""
        names = [entry.name for entry in fields(cls)]
        for name in settings:
            if name not in names:
                raise AnalysisError(
                    f"unknown setting {name!r} of the impedance analysis",
                    code="LI-ANA-001",
                    expected=", ".join(names),
                    nearest=nearest_match(name, names),
                )
        try:
            chosen = cls(**settings)
        except ValueError as error:
            raise AnalysisError(
                "a setting of the impedance analysis is not a number", code="LI-ANA-001", got=str(error)
            ) from error
        if not chosen.tail_frequency >= 0.0:
            raise AnalysisError(
                "setting 'tail_frequency' is not valid", code="LI-ANA-001", got=settings, expected="at least 0 Hz"
            )
        return chosen


@frozen(kw_only=True)
class SpectrumResistances:
    """Resistances read from one spectrum, in ohm m2, or in ohm where the area is not known."""

    state: str | None
    ohmic_resistance: Estimate
    interfacial_resistance: Estimate
    sei_resistance: Estimate
    charge_transfer_resistance: Estimate

    def estimates(self) -> Iterator[Estimate]:
        """Iterate over the estimates, in the order of the attributes."""
        return (getattr(self, entry.name) for entry in fields(type(self)) if entry.name != "state")


@frozen(eq=False, kw_only=True)
class ImpedanceResult:
    """What the spectra of a record tell, one entry of `spectra` each; the estimates carry cycle and temperature.

    `activation_energies` has one entry for each resistance that is known at three temperatures or more.
    """

    specimen: str
    spectra: tuple[SpectrumResistances, ...]
    activation_energies: tuple[Estimate, ...]
    settings: ImpedanceSettings
    warnings: tuple[str, ...]

    def estimates(self) -> Iterator[Estimate]:
        """Iterate over the estimates of all spectra, then over the activation energies."""
        for spectrum in self.spectra:
            yield from spectrum.estimates()
        yield from self.activation_energies

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain types for JSON; what is not known is None."""
        return {
            "schema_version": 1,
            "technique": "impedance",
            "analysis": "impedance",
            "specimen": self.specimen,
            "spectrum_count": len(self.spectra),
            "states": [spectrum.state for spectrum in self.spectra],
            "estimates": [estimate_to_dict(estimate) for estimate in self.estimates()],
            "settings": {"tail_frequency": self.settings.tail_frequency},
            "warnings": list(self.warnings),
        }
