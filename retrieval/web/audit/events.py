"""What is recorded, by the names and codes of DICOM (PS3.15 A.5.1, PS3.16 CID 400 and 401)."""

from dataclasses import dataclass, field
from typing import Any

Code = tuple[str, str, str]
"""Value, scheme, meaning."""

APPLICATION_ACTIVITY: Code = ("110100", "DCM", "Application Activity")
AUDIT_LOG_USED: Code = ("110101", "DCM", "Audit Log Used")
INSTANCES_ACCESSED: Code = ("110103", "DCM", "DICOM Instances Accessed")
INSTANCES_TRANSFERRED: Code = ("110104", "DCM", "DICOM Instances Transferred")
STUDY_DELETED: Code = ("110105", "DCM", "DICOM Study Deleted")
EXPORT: Code = ("110106", "DCM", "Export")
IMPORT: Code = ("110107", "DCM", "Import")
QUERY: Code = ("110112", "DCM", "Query")
SECURITY_ALERT: Code = ("110113", "DCM", "Security Alert")
USER_AUTHENTICATION: Code = ("110114", "DCM", "User Authentication")

APPLICATION_START: Code = ("110120", "DCM", "Application Start")
APPLICATION_STOP: Code = ("110121", "DCM", "Application Stop")
LOGIN: Code = ("110122", "DCM", "Login")
LOGOUT: Code = ("110123", "DCM", "Logout")
RESTRICTED_FUNCTION: Code = ("110132", "DCM", "Use of Restricted Function")
USER_CHANGED: Code = ("110137", "DCM", "User Security Attributes Changed")

CREATE, READ, UPDATE, DELETE, EXECUTE = "C", "R", "U", "D", "E"
SUCCESS, MINOR_FAILURE, SERIOUS_FAILURE = 0, 4, 8


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. Nothing of a patient belongs here but ids of cases.

    `action`: one of C, R, U, D, E. `outcome`: 0, 4 or 8. `user`: his name, or what he said by.
    `role`, `by`, `address`: his role, how he is known, and where he asks from; may be empty.
    `cases`: ids of what he saw or changed. `detail`: counts and yes or no, never texts of his.
    """

    event: Code
    action: str
    kind: Code | None = None
    outcome: int = SUCCESS
    user: str = ""
    role: str = ""
    by: str = ""
    address: str = ""
    cases: tuple[str, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """By the names of the elements of an audit message."""
        return {
            "EventID": self.event,
            "EventActionCode": self.action,
            "EventTypeCode": self.kind,
            "EventOutcomeIndicator": self.outcome,
            "ActiveParticipant": {
                "UserID": self.user,
                "RoleIDCode": self.role,
                "AuthenticatedBy": self.by,
                "NetworkAccessPointID": self.address,
            },
            "ParticipantObjectID": self.cases,
            "ParticipantObjectDetail": self.detail,
        }
