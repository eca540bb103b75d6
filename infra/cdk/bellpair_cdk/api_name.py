"""The API's own name, which follows the active region."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_route53 as route53
from constructs import Construct

from bellpair_cdk.jobs_api import GATEWAY_STAGE
from bellpair_cdk.names import Names
from bellpair_cdk.stage import Domain

ACTIVE_PATH = "/v1/health/active"
"""Answers 200 in the active region and 503 in the other."""

_CHECKERS = ["us-east-1", "us-west-2", "eu-west-1"]
"""Three, Route 53's least: every checker's question is a request that is paid for. One is outside
the pair, so that a region that answers only its own continent's half is found out."""


class ApiName(Construct):
    """A region's part of the name: domain, health check and one of the two failover records.

    The first region's record is the primary one. Where it does not say that it is active, the
    name leads to the second region, if that one does.

    Parameters
    ----------
    rest_api_id
        The region's API.
    """

    def __init__(
        self, scope: Construct, id: str, *, names: Names, domain: Domain, rest_api_id: str
    ) -> None:
        super().__init__(scope, id)
        regional = apigateway.CfnDomainName(
            self,
            "Domain",
            domain_name=domain.name,
            regional_certificate_arn=domain.certificates[names.region],
            endpoint_configuration=apigateway.CfnDomainName.EndpointConfigurationProperty(
                types=["REGIONAL"]
            ),
            security_policy="TLS_1_2",
        )
        apigateway.CfnBasePathMapping(
            self,
            "Mapping",
            domain_name=regional.ref,
            rest_api_id=rest_api_id,
            stage=GATEWAY_STAGE,
        )
        # The check asks the region itself: the name would lead it to whichever is active.
        check = route53.CfnHealthCheck(
            self,
            "IsActive",
            health_check_config=route53.CfnHealthCheck.HealthCheckConfigProperty(
                type="HTTPS",
                fully_qualified_domain_name=(
                    f"{rest_api_id}.execute-api.{names.region}.{Aws.URL_SUFFIX}"
                ),
                resource_path=f"/{GATEWAY_STAGE}{ACTIVE_PATH}",
                port=443,
                enable_sni=True,
                request_interval=10,
                failure_threshold=2,
                regions=_CHECKERS,
            ),
        )
        primary = names.region == names.stage.region
        route53.CfnRecordSet(
            self,
            "Record",
            hosted_zone_id=domain.zone_id,
            name=f"{domain.name}.",
            type="A",
            set_identifier=names.region,
            failover="PRIMARY" if primary else "SECONDARY",
            health_check_id=check.attr_health_check_id,
            alias_target=route53.CfnRecordSet.AliasTargetProperty(
                dns_name=regional.attr_regional_domain_name,
                hosted_zone_id=regional.attr_regional_hosted_zone_id,
                # Whether the region is active is what counts, and the check knows it.
                evaluate_target_health=False,
            ),
        )
