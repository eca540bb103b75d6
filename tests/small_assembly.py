"""Writes a small cloud assembly, as the CDK would, with one of each thing the product deploys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

REGIONS = ("us-east-1", "us-west-2")
LEDGER = "small-ledger"
CATALOGUE = "small-catalogue"

FUNCTION = '''
"""Does what the event asks for, with nothing but the standard library."""
import json, os, time, urllib.request
from layered import GREETING

class TransientFault(Exception):
    """A fault by name."""

attempts = {"n": 0}

def handler(event, context):
    if "httpMethod" in event:
        match (event["queryStringParameters"] or {}).get("fail"):
            case "raise":
                raise TransientFault("a secret")
            case "exit":
                os._exit(1)
            case "shape":
                return {"secret": True}
        return {"statusCode": 200, "headers": {"X-Greeting": GREETING},
                "body": json.dumps({"path": event["path"], "who":
                (event["requestContext"].get("authorizer") or {}).get("principalId")})}
    if "Records" in event:
        failed = []
        for record in event["Records"]:
            if record["body"] == "poison":
                failed.append({"itemIdentifier": record["messageId"]})
            note(record["body"])
        return {"batchItemFailures": failed}
    if event.get("source") == "aws.events":
        note("beat")
    if event.get("source") == "aws.braket":
        note("braket " + event["detail"]["name"])
        if event["detail"].get("raise"):
            raise TransientFault("asked to")
    if event.get("repair"):
        note("repair " + event["repair"] + " in " + os.environ["AWS_REGION"])
        return {"copied": 0}
    if context.function_name.endswith("sentinel"):
        note("sentinel of " + os.environ["AWS_REGION"])
    if event.get("sleep"):
        note(event["begun"])
        time.sleep(event["sleep"])
    if event.get("raise"):
        raise TransientFault("asked to")
    if event.get("raise_first"):
        attempts["n"] += 1
        if attempts["n"] % 2:
            raise TransientFault("the first time")
    if event.get("task_token"):
        if event.get("answer"):
            aws("states", "AWSStepFunctions.SendTaskSuccess",
                taskToken=event["task_token"], output=json.dumps({"answer": 42}))
        return {}
    if event.get("bytes"):
        return "x" * event["bytes"]
    return {"greeting": GREETING, "region": os.environ["AWS_REGION"], "event": event}

def note(what):
    aws("dynamodb", "DynamoDB_20120810.UpdateItem", TableName=os.environ["CATALOGUE"],
        Key={"pk": {"S": what}, "sk": {"S": "seen"}}, UpdateExpression="ADD times :one",
        ExpressionAttributeValues={":one": {"N": "1"}})

def aws(service, target, **request):
    key, region = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_REGION"]
    scope = f"{key}/20000101/{region}/{service}/aws4_request"
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0",
               "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=0"}
    call = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL"], json.dumps(request).encode(), headers)
    return json.load(urllib.request.urlopen(call, timeout=5))
'''

AUTHORIZER = '''
"""Lets the token `let-me-in` in."""
def handler(event, context):
    if event["authorizationToken"] != "let-me-in":
        raise Exception("Unauthorized")
    return {"principalId": "somebody", "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}}
'''

MACHINE: dict[str, Any] = {
    "StartAt": "Choose",
    "States": {
        "Choose": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.wait", "IsPresent": True, "Next": "Callback"},
            ],
            "Default": "Call",
        },
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "small-function", "Payload.$": "$"},
            "OutputPath": "$.Payload",
            "Retry": [
                {
                    "ErrorEquals": ["TransientFault"],
                    "IntervalSeconds": 1,
                    "MaxDelaySeconds": 1,
                    "JitterStrategy": "FULL",
                    "MaxAttempts": 1,
                }
            ],
            "Catch": [
                {"ErrorEquals": ["TransientFault"], "Next": "Caught", "ResultPath": "$.error"},
                {"ErrorEquals": ["States.ALL"], "Next": "Other", "ResultPath": "$.error"},
            ],
            "End": True,
        },
        "Callback": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {
                "FunctionName": "small-function",
                "Payload": {
                    "task_token.$": "$$.Task.Token",
                    "answer.$": "$.answer",
                    "raise.$": "$.raise",
                },
            },
            "TimeoutSecondsPath": "$.wait",
            "Catch": [
                {"ErrorEquals": ["States.Timeout"], "Next": "TimedOut", "ResultPath": "$.error"},
                {"ErrorEquals": ["TransientFault"], "Next": "Caught", "ResultPath": "$.error"},
            ],
            "End": True,
        },
        "Caught": {"Type": "Pass", "Result": "caught", "ResultPath": "$.how", "End": True},
        "TimedOut": {"Type": "Pass", "Result": "timed out", "ResultPath": "$.how", "End": True},
        "Other": {"Type": "Pass", "Result": "other", "ResultPath": "$.how", "End": True},
    },
}


def write(directory: Path, *, alone: bool = True) -> Path:
    """Write the assembly into `directory` and return it.

    Parameters
    ----------
    alone
        Whether it is all that its cloud runs, and has functions by the names of the application's
        own, which the local cloud calls.
    """
    for name, file, code in (
        ("code", "function.py", FUNCTION),
        ("authorizer", "authorizer.py", AUTHORIZER),
        ("layer", "python/layered.py", 'GREETING = "hello from the layer"\n'),
    ):
        path = directory / f"asset.{name}" / file
        path.parent.mkdir(parents=True)
        path.write_text(code)
    artifacts: dict[str, Any] = {}
    for region in REGIONS:
        stacks = {"Data": _data(region)} if region == REGIONS[0] else {}
        stacks["App"] = _app(region, alone=alone)
        for kind, template in stacks.items():
            name = f"Small-{kind}-{region}"
            (directory / f"{name}.template.json").write_text(json.dumps(template))
            (directory / f"{name}.assets.json").write_text(json.dumps({"files": _assets()}))
            artifacts[f"{name}.assets"] = {
                "type": "cdk:asset-manifest",
                "properties": {"file": f"{name}.assets.json"},
            }
            data = [f"Small-Data-{REGIONS[0]}"] if kind == "App" else []
            artifacts[name] = {
                "type": "aws:cloudformation:stack",
                "environment": f"aws://unknown-account/{region}",
                "properties": {"templateFile": f"{name}.template.json", "stackName": name},
                "dependencies": [f"{name}.assets", *data],
            }
    (directory / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return directory


def _assets() -> dict[str, Any]:
    return {
        name: {
            "source": {"path": f"asset.{name}", "packaging": "zip"},
            "destinations": {
                "here": {
                    "bucketName": "assets-${AWS::AccountId}-${AWS::Region}",
                    "objectKey": f"{name}.zip",
                }
            },
        }
        for name in ("code", "authorizer", "layer")
    }


def _table(name: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::GlobalTable",
        "Properties": {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "Replicas": [{"Region": region} for region in REGIONS],
            **more,
        },
    }


def _data(region: str) -> dict[str, Any]:
    return {
        "Resources": {
            "Ledger": _table(
                LEDGER,
                MultiRegionConsistency="STRONG",
                GlobalTableWitnesses=[{"Region": "us-east-2"}],
            ),
            "Catalogue": _table(CATALOGUE),
        }
    }


def _code(name: str) -> dict[str, Any]:
    bucket = {"Fn::Sub": "assets-${AWS::AccountId}-${AWS::Region}"}
    return {"S3Bucket": bucket, "S3Key": f"{name}.zip"}


def _function(name: str, asset: str, handler: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": name,
            "Runtime": "python3.11",
            "Handler": handler,
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Timeout": 10,
            "Code": _code(asset),
            **more,
        },
    }


def _gateway_response(kind: str, status: int) -> dict[str, Any]:
    return {
        "Type": "AWS::ApiGateway::GatewayResponse",
        "Properties": {
            "RestApiId": {"Ref": "Api"},
            "ResponseType": kind,
            "StatusCode": str(status),
            "ResponseParameters": {
                "gatewayresponse.header.Content-Type": "'application/problem+json'",
                "gatewayresponse.header.X-Trace-Id": "context.xrayTraceId",
            },
            "ResponseTemplates": {
                "application/json": json.dumps({"kind": kind, "path": "$context.path"})
            },
        },
    }


def _invoking(function: str) -> dict[str, str]:
    start = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    return {"Fn::Sub": f"{start}${{{function}.Arn}}/invocations"}


def _routes() -> dict[str, Any]:
    """The API's one route and its authorizer, as Chalice describes them."""
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": _invoking("Function"),
        "responses": {"default": {"statusCode": "200"}},
    }
    authorizer = {"type": "token", "authorizerUri": _invoking("AuthorizerFunction")}
    return {
        "swagger": "2.0",
        "info": {"title": "small-api", "version": "1.0"},
        "paths": {
            "/hello": {
                "get": {
                    "responses": {"200": {"description": "200 response"}},
                    "security": [{"authorize": []}],
                    "x-amazon-apigateway-integration": integration,
                }
            }
        },
        "securityDefinitions": {
            "authorize": {
                "in": "header",
                "type": "apiKey",
                "name": "Authorization",
                "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": authorizer,
            }
        },
    }


def _app(region: str, *, alone: bool) -> dict[str, Any]:
    gateway_responses = {
        kind.title().replace("_", ""): _gateway_response(kind, status)
        for kind, status in (("DEFAULT_5XX", 500), ("REQUEST_TOO_LARGE", 413))
    }
    return {
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": {"Statement": []}},
            },
            "Layer": {
                "Type": "AWS::Lambda::LayerVersion",
                "Properties": {"LayerName": "small-layer", "Content": _code("layer")},
            },
            "Function": _function(
                "small-function",
                "code",
                "function.handler",
                Layers=[{"Ref": "Layer"}],
                Environment={"Variables": {"CATALOGUE": CATALOGUE}},
            ),
            # By the names of the application's own, which the local cloud calls.
            **{
                word.title(): _function(
                    f"bellpair-local-{word}",
                    "code",
                    "function.handler",
                    Layers=[{"Ref": "Layer"}],
                    Environment={"Variables": {"CATALOGUE": CATALOGUE}},
                    Timeout=120,
                )
                for word in (("sentinel", "sweep") if alone else ())
            },
            "BraketEvents": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": {
                        "source": ["aws.braket"],
                        "detail": {"name": [{"exists": True}]},
                    },
                    "State": "ENABLED",
                    "Targets": [{"Id": "f", "Arn": {"Fn::GetAtt": ["Function", "Arn"]}}],
                },
            },
            "Results": {
                "Type": "AWS::S3::Bucket",
                "Properties": {"BucketName": {"Fn::Sub": "amazon-braket-small-${AWS::Region}"}},
            },
            "AuthorizerFunction": _function("small-authorizer", "authorizer", "authorizer.handler"),
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "StateMachineName": "small-machine",
                    "DefinitionString": json.dumps(MACHINE),
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                },
            },
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": {"QueueName": "small-queue", "VisibilityTimeout": 30},
            },
            "Mapping": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {
                    "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                    "FunctionName": {"Ref": "Function"},
                    "BatchSize": 10,
                    "FunctionResponseTypes": ["ReportBatchItemFailures"],
                },
            },
            "Beat": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "ScheduleExpression": "rate(1 minute)",
                    "State": "ENABLED",
                    "Targets": [{"Id": "f", "Arn": {"Fn::GetAtt": ["Function", "Arn"]}}],
                },
            },
            "Api": {
                "Type": "AWS::ApiGateway::RestApi",
                "Properties": {"Name": "small-api", "Body": _routes()},
            },
            **gateway_responses,
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "DependsOn": [*gateway_responses],
                "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "api"},
            },
        },
        "Outputs": {"ApiEndpointId": {"Value": {"Ref": "Api"}}},
    }
