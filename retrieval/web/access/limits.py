"""What one person may ask of a server, and how long he stays signed in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccessLimits:
    """Bounds for each person.

    `idle_s`, `whole_s`: a session ends so long after its last request, and after its beginning.
    `work_at_once`: requests at a desk or waiting for one. `work_a_minute`, `asked_a_minute`: such
    requests, and all; as many may come at once after a pause.
    `guesses`: wrong passwords in `guesses_s` for one name from one address before it has to wait;
    `guesses_address`, `guesses_name`: the same for an address and for a name alone.
    """

    idle_s: float = 30 * 60
    whole_s: float = 12 * 3600
    work_at_once: int = 4
    work_a_minute: int = 120
    asked_a_minute: int = 6000
    guesses: int = 5
    guesses_address: int = 20
    guesses_name: int = 50
    guesses_s: float = 15 * 60
