// control: cannot_name_an_entity_of_account_agents

#![allow(unused_imports)]

use entity::account_agents::{AccountAgents, AgentRow, AgentRowPatch, NewAgentRow};

fn main() {}
