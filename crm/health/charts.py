"""Charts of health as coordinates: pure functions from numbers; templates only draw."""

from crm.domain.ribbon import Ribbon, Touch, ribbon

__all__ = ["Ribbon", "Touch", "ribbon"]
