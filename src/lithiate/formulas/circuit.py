"""Elements of electrochemical impedance, as functions of the angular frequency w = 2 pi f [rad/s].

Resistances and capacitances may be those of a cell (ohm, F) or per area (ohm m2, F/m2): the impedance has the unit of
the resistance. Im Z < 0 is capacitive.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]


def parallel_resistor_capacitor(angular_frequency: FloatArray, resistance: float, capacitance: float) -> ComplexArray:
    """Return R / (1 + i w R C), a resistor and a capacitor side by side.

    Parameters
    ----------
    angular_frequency : (n,) float64, rad/s
    resistance : float, ohm or ohm m2
    capacitance : float, F or F/m2

    Returns
    -------
    (n,) complex128, unit of `resistance`
    """
    return np.asarray(resistance / (1.0 + 1j * angular_frequency * resistance * capacitance), dtype=np.complex128)


def depressed_arc(
    angular_frequency: FloatArray, resistance: float, time_constant: float, exponent: float
) -> ComplexArray:
    """Return R / (1 + (i w tau)^a), a resistor beside a constant-phase element: a semicircle for a = 1.

    Parameters
    ----------
    angular_frequency : (n,) float64, rad/s
    resistance : float, ohm or ohm m2
    time_constant : float, s
    exponent : float
        a in 0-1; the smaller, the wider the spread of time constants (Cole & Cole, J. Chem. Phys. 9, 341 (1941)).

    Returns
    -------
    (n,) complex128, unit of `resistance`
    """
    return np.asarray(resistance / (1.0 + (1j * angular_frequency * time_constant) ** exponent), dtype=np.complex128)


def finite_length_diffusion(angular_frequency: FloatArray, resistance: float, time_constant: float) -> ComplexArray:
    """Return R tanh(sqrt(i w tau)) / sqrt(i w tau), diffusion through a layer whose far side keeps its concentration.

    The steady resistance is R; far above 1/tau it goes as w^-1/2 at 45 degrees. A layer of thickness L and diffusivity
    D has tau = L^2/D (Barsoukov & Macdonald, Impedance Spectroscopy, 2nd ed., section 2.1.3).

    Parameters
    ----------
    angular_frequency : (n,) float64, rad/s
        Above 0.
    resistance : float, ohm or ohm m2
    time_constant : float, s

    Returns
    -------
    (n,) complex128, unit of `resistance`
    """
    root = np.sqrt(1j * angular_frequency * time_constant)
    return np.asarray(resistance * np.tanh(root) / root, dtype=np.complex128)


def sphere_diffusion(angular_frequency: FloatArray, resistance: float, time_constant: float) -> ComplexArray:
    """Return R tanh(nu) / (nu - tanh(nu)), nu = sqrt(i w tau): diffusion into a sphere that nothing leaves.

    With the surface concentration's effect on the potential, R = (-dU/dc) r/(F D) and tau = r^2/D for a radius r and a
    diffusivity D. Slow, it is a capacitor 3 R/(i w tau) with R/5 in series; fast, it goes as w^-1/2 at 45 degrees
    (Jacobsen & West, Electrochim. Acta 40, 255 (1995)).

    Parameters
    ----------
    angular_frequency : (n,) float64, rad/s
        Above 0.
    resistance : float, ohm or ohm m2
    time_constant : float, s

    Returns
    -------
    (n,) complex128, unit of `resistance`
    """
    root = np.sqrt(1j * angular_frequency * time_constant)
    tangent = np.tanh(root)
    return np.asarray(resistance * tangent / (root - tangent), dtype=np.complex128)


def porous_line(surface: ComplexArray, area: float, line_resistance: float) -> ComplexArray:
    """Return the impedance of a pore whose wall has the impedance `surface`, entered from one end, closed at the other.

    Z = z/A nu coth(nu), nu = sqrt(R A / z): a transmission line without resistance on the electronic side (de Levie,
    Electrochim. Acta 8, 751 (1963)). For A R << z all of the wall takes part, Z = z/A + R/3.

    Parameters
    ----------
    surface : (n,) complex128, ohm m2
        Of the wall, per its own area.
    area : float, m2/m2
        Of the wall, per area of the electrode.
    line_resistance : float, ohm m2
        L/kappa of the liquid in the pore, per area of the electrode.

    Returns
    -------
    (n,) complex128, ohm m2, per area of the electrode
    """
    nu = np.sqrt(line_resistance * area / surface)
    return np.asarray(surface / area * nu / np.tanh(nu), dtype=np.complex128)
